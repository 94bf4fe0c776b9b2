import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  type DynamoDBClient,
  type QueryCommandInput,
  type ScanCommandInput,
} from '@aws-sdk/client-dynamodb';
import type { KeyName } from './attribute-names.js';
import { BackOff } from './back-off.js';
import { unchanged } from './condition.js';
import { noAnswer, toStateStoreError } from './errors.js';
import type { Item } from './item.js';

/** What became of a conditional write. */
export type WriteOutcome =
  | { readonly isWritten: true }
  | {
      readonly isWritten: false;
      /** What is there instead. */
      readonly current: Item | undefined;
      /** It was sent more than once: an earlier try may be what changed the item. */
      readonly isRepeated: boolean;
    };

export interface TableOptions {
  readonly name: string;
  readonly keyName: KeyName;
  /** Of one request, with all its retries. */
  readonly answerTimeoutMs: number;
}

/** The requests of a table. Rejects with StateStoreError. */
export class Table {
  private readonly client: DynamoDBClient;
  private readonly TableName: string;
  private readonly backOff: BackOff;
  readonly keyName: KeyName;
  readonly answerTimeoutMs: number;

  constructor(client: DynamoDBClient, { name, keyName, answerTimeoutMs }: TableOptions) {
    this.client = client;
    this.TableName = name;
    this.keyName = keyName;
    this.answerTimeoutMs = answerTimeoutMs;
    this.backOff = new BackOff(client);
  }

  async get(uuid: string): Promise<Item | undefined> {
    const { TableName } = this;
    const command = new GetItemCommand({ TableName, Key: this.keyOf(uuid), ConsistentRead: true });
    const { Item } = await this.send(`reading job ${uuid}`, (options) => this.client.send(command, options));
    return Item;
  }

  /** By uuid; without those that are not there. At most 100. */
  async getMany(uuids: readonly string[]): Promise<Map<string, Item>> {
    const { TableName } = this;
    const found = new Map<string, Item>();
    let keys: Item[] | undefined = uuids.map((uuid) => this.keyOf(uuid));
    await this.backOff.repeat(async () => {
      const command = new BatchGetItemCommand({
        RequestItems: { [TableName]: { Keys: keys, ConsistentRead: true } },
      });
      const { Responses, UnprocessedKeys } = await this.send(`reading ${uuids.length} jobs`, (options) =>
        this.client.send(command, options),
      );
      for (const item of Responses?.[TableName] ?? []) found.set(item[this.keyName]?.S ?? '', item);
      keys = UnprocessedKeys?.[TableName]?.Keys;
      return keys?.length ?? 0;
    });
    return found;
  }

  /** Writes the item if the one that is there is still `before`. */
  async put(item: Item, before: Item | undefined): Promise<WriteOutcome> {
    const { TableName, keyName } = this;
    const command = new PutItemCommand({
      TableName,
      Item: item,
      ...unchanged(before, keyName),
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
    try {
      await this.send(`writing job ${item[keyName]?.S ?? ''}`, (options) =>
        this.client.send(command, options),
      );
      return { isWritten: true };
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      const { attempts = 1 } = error.$metadata;
      return { isWritten: false, current: error.Item, isRepeated: attempts > 1 };
    }
  }

  /** Whatever is there. At most BATCH_WRITE_MAX, of different keys. */
  async putMany(items: readonly Item[]): Promise<void> {
    const { TableName } = this;
    let requests = items.map((Item) => ({ PutRequest: { Item } }));
    await this.backOff.repeat(async () => {
      const command = new BatchWriteItemCommand({ RequestItems: { [TableName]: requests } });
      const { UnprocessedItems } = await this.send(`writing ${items.length} jobs`, (options) =>
        this.client.send(command, options),
      );
      requests = (UnprocessedItems?.[TableName] ?? []) as typeof requests;
      return requests.length;
    });
  }

  /** Removes the item if it is still this one. */
  async delete(item: Item): Promise<void> {
    const { TableName, keyName } = this;
    const uuid = item[keyName]?.S ?? '';
    const command = new DeleteItemCommand({
      TableName,
      Key: this.keyOf(uuid),
      ...unchanged(item, keyName),
    });
    try {
      await this.send(`removing job ${uuid}`, (options) => this.client.send(command, options));
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
  }

  /** All items that match, page by page. */
  async *scan(input: Omit<ScanCommandInput, 'TableName'>): AsyncGenerator<Item[]> {
    const { TableName } = this;
    let ExclusiveStartKey: Item | undefined;
    do {
      const command = new ScanCommand({ ...input, TableName, ConsistentRead: true, ExclusiveStartKey });
      const { Items = [], LastEvaluatedKey } = await this.send('scanning the table', (options) =>
        this.client.send(command, options),
      );
      yield Items;
      ExclusiveStartKey = LastEvaluatedKey;
    } while (ExclusiveStartKey !== undefined);
  }

  /** As `scan`, of an index, in its order. */
  async *query(input: Omit<QueryCommandInput, 'TableName'>): AsyncGenerator<Item[]> {
    const { TableName } = this;
    let ExclusiveStartKey: Item | undefined;
    do {
      const command = new QueryCommand({ ...input, TableName, ExclusiveStartKey });
      const { Items = [], LastEvaluatedKey } = await this.send('querying the index', (options) =>
        this.client.send(command, options),
      );
      yield Items;
      ExclusiveStartKey = LastEvaluatedKey;
    } while (ExclusiveStartKey !== undefined);
  }

  close(): void {
    this.client.destroy();
  }

  private keyOf(uuid: string): Item {
    return { [this.keyName]: { S: uuid } };
  }

  /** Conditional failures come as they are. */
  private async send<T>(
    what: string,
    request: (options: { readonly abortSignal: AbortSignal }) => Promise<T>,
  ): Promise<T> {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), this.answerTimeoutMs);
    try {
      return await request({ abortSignal: abort.signal });
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) throw error;
      if (abort.signal.aborted) throw noAnswer(what, this.answerTimeoutMs);
      throw toStateStoreError(error, what);
    } finally {
      clearTimeout(timer);
    }
  }
}
