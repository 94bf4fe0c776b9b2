import { expect, it } from '@jest/globals';
import { describeWithServer } from '../jest.js';

function findNothing(): string | undefined {
  return undefined;
}

describeWithServer('a server that is nowhere', findNothing, () => {
  it('is left out', () => expect(true).toBe(false));
});
describeWithServer(
  'a server that is there',
  () => '/bin/true',
  () => {
    it('is run', () => expect(true).toBe(true));
  },
);
