import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startImds, type Imds } from './imds.js';

const TTL = 'x-aws-ec2-metadata-token-ttl-seconds';
const DOCUMENT = '/latest/dynamic/instance-identity/document';
const ROLES = '/latest/meta-data/iam/security-credentials/';

describe("the fake of EC2's metadata service", () => {
  let imds: Imds;
  let time: number;
  beforeEach(async () => {
    time = 0;
    const credentials = { accessKeyId: 'AKID', secretAccessKey: 'secret' };
    imds = await startImds({ region: 'ap-south-1', credentials, now: () => time });
  });
  afterEach(() => imds.stop());

  const get = (path: string, token?: string) =>
    fetch(`${imds.endpoint}${path}`, {
      headers: token === undefined ? {} : { 'x-aws-ec2-metadata-token': token },
    });
  const token = (ttl?: string) =>
    fetch(`${imds.endpoint}/latest/api/token`, {
      method: 'PUT',
      headers: ttl === undefined ? {} : { [TTL]: ttl },
    });

  it('gives a token, and with it the region and the credentials of the role', async () => {
    const answer = await token('60');
    expect(answer.headers.get(TTL)).toBe('60');
    const text = await answer.text();
    expect(await (await get(DOCUMENT, text)).json()).toMatchObject({ region: 'ap-south-1' });
    expect(await (await get('/latest/meta-data/placement/region', text)).text()).toBe('ap-south-1');
    const role = await (await get(ROLES, text)).text();
    expect(await (await get(`${ROLES}${role}`, text)).json()).toMatchObject({ AccessKeyId: 'AKID' });
    expect(imds.requests).toEqual([
      'PUT /latest/api/token',
      `GET ${DOCUMENT}`,
      'GET /latest/meta-data/placement/region',
      `GET ${ROLES}`,
      `GET ${ROLES}${role}`,
    ]);
  });

  it('answers 401 without a token, with a wrong one, and with one that is too old', async () => {
    expect((await get(DOCUMENT)).status).toBe(401);
    expect((await get(DOCUMENT, 'wrong')).status).toBe(401);
    const good = await (await token('60')).text();
    time = 59_999;
    expect((await get(DOCUMENT, good)).status).toBe(200);
    time = 60_000;
    expect((await get(DOCUMENT, good)).status).toBe(401);
  });

  it.each([undefined, '0', '21601', 'x', '1.5'])('answers 400 to a life of %s seconds', async (ttl) => {
    expect((await token(ttl)).status).toBe(400);
  });

  it('knows no tokens as v1, and answers without', async () => {
    imds.mode = 'v1';
    expect((await token('60')).status).toBe(404);
    expect(await (await get(DOCUMENT)).json()).toMatchObject({ region: 'ap-south-1' });
  });

  it('is some other server when it is not found', async () => {
    imds.mode = 'not-found';
    expect((await token('60')).status).toBe(404);
    expect((await get(DOCUMENT)).status).toBe(404);
  });

  it('hangs, and hangs up when it is killed', async () => {
    imds.mode = 'hangs';
    let settled = false;
    const hanging = get(DOCUMENT).finally(() => (settled = true));
    while (imds.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(settled).toBe(false);
    await Promise.all([expect(hanging).rejects.toThrow(), imds.kill()]);
    await expect(get(DOCUMENT)).rejects.toThrow();
    imds.mode = 'v2';
    await imds.restart();
    expect((await token('60')).status).toBe(200);
  });
});
