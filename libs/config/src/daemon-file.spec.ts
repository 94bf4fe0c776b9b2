import { describe, expect, it } from '@jest/globals';
import { checkText } from './testing/check-text.js';

/** What the Joblet daemon has in its file besides ours. */
const DAEMON = `
version: "3.0"
server:
  nodeId: production-node-1
  address: "0.0.0.0"
  port: 50051
  mode: server
  timeout: 10s
  minTlsVersion: "1.3"
security:
  serverCert: |
    -----BEGIN CERTIFICATE-----
    AAAA
    -----END CERTIFICATE-----
  serverKey: |
    -----BEGIN PRIVATE KEY-----
    BBBB
    -----END PRIVATE KEY-----
  caCert: |
    -----BEGIN CERTIFICATE-----
    CCCC
    -----END CERTIFICATE-----
joblet: {defaultCpuLimit: 50, maxConcurrentJobs: 5, jobTimeout: 30m, validateCommands: true}
cgroup: {baseDir: /sys/fs/cgroup/joblet.slice/joblet.service, enableControllers: [memory, cpu, io, pids]}
filesystem: {baseDir: /opt/joblet/jobs, tmpDir: "/tmp/job-{JOB_ID}", workspaceDir: /work}
grpc: {maxRecvMsgSize: 134217728, keepAliveTime: 30s}
network: {enabled: true, default_network: bridge, state_dir: /opt/joblet/network, storage: {path: /opt/joblet/network}}
monitoring: {system_interval: 10s, cloud_detection: true}
buffers: {pubsub_buffer_size: 10000, chunk_size: 1048576}
volumes: {base_path: /opt/joblet/volumes, default_disk_quota_bytes: 1048576}
runtime: {base_path: /opt/joblet/runtimes, common_paths: [/usr/local/bin]}
gpu: {enabled: false, cuda_paths: [/opt/cuda]}
telemetry: {metrics_interval: 5s, ebpf_enabled: true}
logging: {level: WARN, format: json, output: stderr}
`;

describe('the file of the Joblet daemon', () => {
  it('without a section of ours: its node, log, certificates, and defaults for the rest', async () => {
    const { config, problems, warnings, notBuilt } = await checkText(DAEMON, { program: 'persist' });
    expect({ problems, warnings, notBuilt }).toEqual({ problems: [], warnings: [], notBuilt: [] });
    const defaults = await checkText('');
    expect(config).toEqual({
      ...defaults.config,
      server: { nodeId: 'production-node-1', address: '0.0.0.0', port: 50051 },
      logging: { level: 'WARN', format: 'json', output: 'stderr' },
      security: {
        serverCert: expect.stringContaining('AAAA'),
        serverKey: expect.stringContaining('BBBB'),
        caCert: expect.stringContaining('CCCC'),
      },
    });
  });

  it('with sections of ours', async () => {
    const { config, problems, warnings } = await checkText(`${DAEMON}
ipc: {enabled: true, socket: /run/joblet/ipc.sock, buffer_size: 10000, reconnect_delay: 5s, max_reconnects: 0}
state:
  backend: dynamodb
  socket: /opt/joblet/run/state-ipc.sock
  buffer_size: 1000
  reconnect_delay: 5s
  pool: {size: 20, read_timeout: 10s}
  client: {max_retries: 3}
  storage: {dynamodb: {region: "", table_name: joblet-jobs, ttl_enabled: true, ttl_days: 30, read_capacity: 5, write_capacity: 5}}
persist:
  server: {grpc_socket: /opt/joblet/run/persist-grpc.sock, grpc_address: ":50052", max_connections: 500}
  ipc: {max_connections: 10, max_message_size: 134217728}
  storage:
    type: cloudwatch
    base_dir: /opt/joblet
    cloudwatch:
      region: ""
      log_group_prefix: /joblet
      metric_namespace: Joblet/Production
      metric_dimensions: {Environment: production, Cluster: main-cluster}
      log_batch_size: 100
      metric_batch_size: 20
      log_retention_days: 7
`);
    expect({ problems, warnings }).toEqual({ problems: [], warnings: [] });
    expect(config?.persist.ipc).toMatchObject({ socket: '/run/joblet/ipc.sock', max_connections: 10 });
    expect(config?.state.storage.dynamodb).toMatchObject({ read_capacity: 5, ttl_attribute: 'expiresAt' });
    expect(config?.persist.storage.cloudwatch.metric_dimensions).toEqual({
      Environment: 'production',
      Cluster: 'main-cluster',
    });
  });
});
