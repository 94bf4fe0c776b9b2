/** The keys that a JSON object may have, found by their bytes: no string is made of a key. */
export class JsonKeys {
  private readonly byLength: { name: string; bytes: Buffer }[][] = [];

  constructor(...names: string[]) {
    for (const name of names) (this.byLength[name.length] ??= []).push({ name, bytes: Buffer.from(name) });
  }

  /** The key whose name is `bytes[start, end)`, or '' for one that is unknown. */
  find(bytes: Uint8Array, start: number, end: number): string {
    for (const key of this.byLength[end - start] ?? []) {
      let at = 0;
      while (at < key.bytes.length && key.bytes[at] === bytes[start + at]) at++;
      if (at === key.bytes.length) return key.name;
    }
    return '';
  }
}
