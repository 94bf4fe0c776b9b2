import { describe, expect, it } from '@jest/globals';
import { effectiveConfig } from './effective-config.js';
import { loadConfig, type LoadedConfig } from './load-config.js';

function load(yaml: string): Promise<LoadedConfig> {
  const files = { read: () => Promise.resolve(Buffer.from(yaml)), writable: () => Promise.resolve(true) };
  return loadConfig({ file: '/etc/c.yml', env: {}, hostName: 'host-1', files });
}

describe('effectiveConfig', () => {
  it('is a configuration that means the same', async () => {
    for (const yaml of [
      '',
      'persist: {storage: {type: ./x.js, base_dir: data, options: {a: [1]}, cloudwatch: {log_retention_days: -1, metric_dimensions: {A: b}}}}\nipc: {reconnect_delay: 1m30s}\nstate: {socket_mode: 0660, store_secrets: plain}\nlogging: {level: warn}',
    ]) {
      const { config } = await load(yaml);
      expect((await load(effectiveConfig(config))).config).toEqual(config);
    }
    expect(effectiveConfig((await load('')).config)).toContain('reconnect_delay: 5s');
  });

  it('masks secrets, wherever they are, and keeps the rest', async () => {
    const key = '-----BEGIN PRIVATE KEY-----\\nAAAA\\n-----END PRIVATE KEY-----';
    const { config } = await load(`
security: {serverKey: "s3cr3t", serverCert: "cert", caCert: ""}
state:
  store_secrets: plain
  secret_key_file: /keys/k
  storage: {redis: {password: s3cr3t, endpoint: "redis://u:s3cr3t@h:1"}, postgres: {url: "postgres://u:s3cr3t@x@h/d"}}
persist:
  storage:
    options: {api_key: s3cr3t, Secret: {deep: [s3cr3t]}, accessToken: 53, dsn: "host=h password=s3cr3t", pem: "${key}", empty_password: ""}
    elasticsearch: {headers: {Authorization: s3cr3t}}
    s3: {sse: 'aws:kms'}
`);
    const text = effectiveConfig(config);
    expect(text).not.toMatch(/s3cr3t|AAAA|53/);
    expect(text).toContain('serverKey: "***"');
    for (const kept of [
      'serverCert: cert',
      'caCert: ""',
      'store_secrets: plain',
      'secret_key_file: /keys/k',
      'endpoint: redis://u:***@h:1',
      'url: postgres://u:***@h/d',
      'dsn: host=h password=***',
      'empty_password: ""',
      'sse: aws:kms',
    ])
      expect(text).toContain(kept);
  });
});
