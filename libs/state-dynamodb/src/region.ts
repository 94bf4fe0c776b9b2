import { METADATA_TIMEOUT_MS } from './limits.js';

const DEFAULT_REGION = 'us-east-1';
const METADATA_ENDPOINT = 'http://169.254.169.254';
const TOKEN_TTL_SECONDS = 60;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The region this machine is in, as EC2's metadata service says (IMDSv2), else AWS_REGION, else us-east-1. The variables
 * AWS_EC2_METADATA_SERVICE_ENDPOINT and AWS_EC2_METADATA_DISABLED count as for AWS's own tools.
 */
export async function detectRegion(environment: Environment = process.env): Promise<string> {
  const { AWS_REGION, AWS_EC2_METADATA_DISABLED, AWS_EC2_METADATA_SERVICE_ENDPOINT } = environment;
  const isAsked = AWS_EC2_METADATA_DISABLED?.toLowerCase() !== 'true';
  const region = isAsked
    ? await regionOfInstance(AWS_EC2_METADATA_SERVICE_ENDPOINT || METADATA_ENDPOINT)
    : undefined;
  return region || AWS_REGION || DEFAULT_REGION;
}

/** Undefined when nobody answers in time, or not as EC2 does: this is no instance. */
async function regionOfInstance(endpoint: string): Promise<string | undefined> {
  const signal = AbortSignal.timeout(METADATA_TIMEOUT_MS);
  try {
    const token = await textOf(new URL('/latest/api/token', endpoint), {
      method: 'PUT',
      headers: { 'x-aws-ec2-metadata-token-ttl-seconds': String(TOKEN_TTL_SECONDS) },
      signal,
    });
    const region = await textOf(new URL('/latest/meta-data/placement/region', endpoint), {
      headers: { 'x-aws-ec2-metadata-token': token },
      signal,
    });
    return /^[a-z0-9-]{1,64}$/.test(region) ? region : undefined;
  } catch {
    return undefined;
  }
}

async function textOf(url: URL, options: RequestInit): Promise<string> {
  const response = await fetch(url, options);
  const text = await response.text();
  if (!response.ok) throw new Error(`${url.pathname} answered ${response.status}`);
  return text.trim();
}
