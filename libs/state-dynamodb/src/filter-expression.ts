import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { JobQuery } from '@joblet/state-store';
import { OWN, type KeyName } from './attribute-names.js';
import type { Item } from './item.js';
import { IN_OPERANDS_MAX } from './limits.js';

type Filter = Pick<JobQuery, 'statuses' | 'nodeId' | 'owner' | 'prefix'>;

/** What DynamoDB leaves out itself of a scan or a query: never a job that matches. */
export class FilterExpression {
  private readonly conditions: string[] = [];
  private readonly names: Record<string, string> = {};
  private readonly values: Item = {};

  constructor({ statuses, nodeId, owner, prefix }: Filter, keyName: KeyName) {
    if (statuses !== undefined) this.oneOf('jobStatus', statuses);
    if (nodeId !== undefined) this.equals('nodeId', nodeId);
    if (owner !== undefined) this.equals(OWN.owner, owner);
    // The empty text is no value of a key.
    if (prefix !== '')
      this.conditions.push(`begins_with(${this.name(keyName)}, ${this.value({ S: prefix })})`);
  }

  /** The placeholder of a value. */
  value(value: AttributeValue): string {
    const placeholder = `:v${Object.keys(this.values).length}`;
    this.values[placeholder] = value;
    return placeholder;
  }

  get input() {
    return {
      ...(this.conditions.length > 0 && { FilterExpression: this.conditions.join(' AND ') }),
      ...(Object.keys(this.names).length > 0 && { ExpressionAttributeNames: this.names }),
      ...(Object.keys(this.values).length > 0 && { ExpressionAttributeValues: this.values }),
    };
  }

  private name(name: string): string {
    const placeholder = `#n${Object.keys(this.names).length}`;
    this.names[placeholder] = name;
    return placeholder;
  }

  private equals(attribute: string, text: string): void {
    const name = this.name(attribute);
    const value = this.value({ S: text });
    // What is empty has no attribute, but for items of the Go service.
    this.conditions.push(
      text === '' ? `(attribute_not_exists(${name}) OR ${name} = ${value})` : `${name} = ${value}`,
    );
  }

  private oneOf(attribute: string, texts: readonly string[]): void {
    if (texts.length === 1) this.equals(attribute, texts[0]);
    // What is left out here is left out by the caller.
    else if (texts.length > 0 && texts.length <= IN_OPERANDS_MAX && !texts.includes(''))
      this.conditions.push(
        `${this.name(attribute)} IN (${texts.map((text) => this.value({ S: text })).join(', ')})`,
      );
  }
}
