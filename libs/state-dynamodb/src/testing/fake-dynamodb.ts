import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as the SDK sends it, and the answer to it. */
export interface FakeRequest {
  /** PutItem, … */
  readonly operation: string;
  readonly body: Record<string, unknown>;
}
export type FakeAnswer = { readonly error: string } | 'silence' | object;

/** What DynamoDB Local never does: answers as the test wants. */
export class FakeDynamoDb implements AsyncDisposable {
  readonly requests: FakeRequest[] = [];
  private readonly server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const operation = String(request.headers['x-amz-target']).split('.')[1];
      this.requests.push({ operation, body });
      const answer = this.answer({ operation, body });
      if (answer === 'silence') return;
      const isError = 'error' in answer;
      response.writeHead(isError ? 400 : 200, { 'content-type': 'application/x-amz-json-1.0' });
      response.end(
        JSON.stringify(
          isError ? { __type: `com.amazonaws.dynamodb.v20120810#${answer.error}`, message: 'faked' } : answer,
        ),
      );
    });
  });

  private constructor(private readonly answer: (request: FakeRequest) => FakeAnswer) {}

  static async start(answer: (request: FakeRequest) => FakeAnswer): Promise<FakeDynamoDb> {
    const fake = new FakeDynamoDb(answer);
    fake.server.listen(0, '127.0.0.1');
    await once(fake.server, 'listening');
    return fake;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Requests of one kind so far. */
  sent(operation: string): FakeRequest[] {
    return this.requests.filter((request) => request.operation === operation);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }
}

/** What a table that fits says of itself. */
export function describedTable(operation: string): object | undefined {
  if (operation === 'DescribeTimeToLive')
    return { TimeToLiveDescription: { TimeToLiveStatus: 'ENABLED', AttributeName: 'expiresAt' } };
  if (operation !== 'DescribeTable') return undefined;
  return {
    Table: {
      TableStatus: 'ACTIVE',
      KeySchema: [{ AttributeName: 'jobId', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'jobId', AttributeType: 'S' }],
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>;
}
