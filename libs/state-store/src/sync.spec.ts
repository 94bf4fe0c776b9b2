import { describe, expect, it } from '@jest/globals';
import { newJob } from './new-job.js';
import { resolveSync } from './sync.js';

const job = (uuid: string, fields: { nodeId?: string; owner?: string; pid?: number } = {}) =>
  newJob({ uuid, ...fields });

describe('resolveSync', () => {
  it.each([
    ["the jobs' node", [job('a', { nodeId: 'n1' }), job('b')], { nodeId: 'n2' }, 'n1'],
    ["the request's node", [job('a')], { nodeId: 'n2' }, 'n2'],
    ["the service's node", [job('a')], {}, 'own'],
    ["the service's node, for ''", [job('a')], { nodeId: '' }, 'own'],
    ["the request's node, of no jobs", [], { nodeId: 'n2' }, 'n2'],
    ['no node, of no jobs and none given', [], {}, undefined],
  ])('%s', (_, jobs, given, nodeId) => {
    const request = resolveSync(jobs, given, 'own');
    expect(request.scope).toEqual({ nodeId, owner: '' });
    for (const one of request.jobs) {
      expect(one.nodeId).toBe(nodeId);
      expect(one.fields.get('nodeId')).toBe(JSON.stringify(nodeId));
    }
  });

  it("gives each job the sync's owner, and takes the last of two with the same uuid", () => {
    const { jobs, scope } = resolveSync(
      [job('a', { pid: 1 }), job('b', { owner: 'rnx' }), job('a', { pid: 2 })],
      { owner: 'rnx' },
      'own',
    );
    expect(scope.owner).toBe('rnx');
    expect(jobs.map(({ uuid, owner, fields }) => [uuid, owner, fields.get('pid')])).toEqual([
      ['a', 'rnx', '2'],
      ['b', 'rnx', undefined],
    ]);
  });

  it.each([
    [
      'several nodes',
      [job('a', { nodeId: 'n1' }), job('b', { nodeId: 'n2' })],
      {},
      /several nodes, "n1" and "n2"/,
    ],
    [
      "another owner's job",
      [job('a', { owner: 'x' })],
      { owner: 'rnx' },
      /job a has the owner "x"; expected "rnx"/,
    ],
    ["an owner's job among a daemon's", [job('a', { owner: 'x' })], {}, /expected ""/],
  ])('%s: INVALID_ARGUMENT', (_, jobs, given, message) => {
    expect(() => resolveSync(jobs, given, 'own')).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringMatching(message) }),
    );
  });
});
