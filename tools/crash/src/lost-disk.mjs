import { bytesOf, vectorOf } from './trace.mjs';

/** The unit in which written data reaches a disk: a page of the page cache. */
const PAGE = 4_096;

/**
 * A directory, built from the trace of the process that wrote it, which can lose power at any moment: what was not
 * synced is then kept or dropped, each page, each new length and each name for itself. More than most file systems do:
 * a store that lives with this lives with them.
 *
 * - A write may be on the disk once it has begun; a sync makes those durable that had ended when the sync began.
 * - fsync of a folder makes the names in it durable. A rename is kept or dropped as one; between two folders it
 *   is durable when both are synced.
 * - A file's own sync says nothing of its name.
 */
export class LostDisk {
  /**
   * @param {string} root the directory; it is there, and durable
   * @param {{ isIgnored?: (sync: string) => boolean, onSync?: (sync: string) => void }} options syncs that are taken
   *   out; each that succeeded is told. One is named by what it syncs: `file logs/job/x`, `folder logs`.
   */
  constructor(root, { isIgnored = () => false, onSync = () => undefined } = {}) {
    this.rootPath = root;
    this.root = folder();
    this.isIgnored = isIgnored;
    this.onSync = onSync;
    this.openFiles = new Map();
    /** What is under way: a call, and what its end will do. */
    this.ends = new Map();
    /** Names that are not durable yet, in their order. */
    this.nameChanges = [];
  }

  /** What is in the directory, all of it durable: what a loss of power before left. `left` is what `losePower` gave. */
  load(left, parent = this.root) {
    for (const [name, content] of left) {
      const node = content instanceof Map ? folder() : file();
      parent.names.set(name, node);
      parent.durable.set(name, node);
      if (content instanceof Map) this.load(content, node);
      else for (const bytes of [node.content, node.stored]) bytes.apply({ at: 0, bytes: content });
    }
  }

  /** Takes the next event of the trace. */
  take({ kind, call }) {
    if (kind === 'begin') this.ends.set(call, this.begin(call));
    else {
      this.ends.get(call)?.();
      this.ends.delete(call);
    }
  }

  /** Returns what is to be done when the call has ended. */
  begin(call) {
    const { name, args } = call;
    switch (name) {
      case 'open':
      case 'openat':
      case 'creat':
        return () => this.open(call);
      case 'close':
        return void this.openFiles.delete(number(args[0]));
      case 'write':
      case 'pwrite64':
      case 'writev':
      case 'pwritev':
      case 'pwritev2':
        return this.write(call);
      case 'ftruncate':
        return this.resize(this.openFiles.get(number(args[0]))?.node, number(args[1]), call);
      case 'truncate':
        return this.resize(this.find(pathOf(args[0]))?.node, number(args[1]), call);
      case 'fsync':
      case 'fdatasync':
        return this.sync(call);
      case 'mkdir':
      case 'mkdirat':
        return () => call.result === 0 && this.make(pathOf(args.at(-2)));
      case 'unlink':
      case 'unlinkat':
      case 'rmdir':
        return () => call.result === 0 && this.unlink(pathOf(name === 'unlinkat' ? args[1] : args[0]));
      case 'rename':
      case 'renameat':
      case 'renameat2':
        return () =>
          call.result === 0 && this.rename(...(name === 'rename' ? args : [args[1], args[3]]).map(pathOf));
      default:
        return this.refuse(call);
    }
  }

  /** Calls that the model does not know must not touch the directory: the proof would be none. */
  refuse({ name, args }) {
    const file = this.openFiles.get(number(args[0]));
    const paths = args.filter((argument) => argument.startsWith('"')).map(pathOf);
    const touches = file !== undefined || paths.some((path) => this.relative(path) !== undefined);
    if (touches || name === 'sync' || name === 'syncfs')
      throw new Error(`the model of a disk does not know ${name}`);
  }

  open({ name, args, result }) {
    if (result === undefined || result < 0) return;
    const [path, flags] = name === 'openat' ? args.slice(1) : args;
    const place = this.find(pathOf(path));
    if (place === undefined) return;
    if (/O_D?SYNC/.test(flags ?? '')) throw new Error(`the model of a disk does not know ${flags}`);
    let { node } = place;
    // What it does not know was made by calls that are not traced: a socket, for one.
    if (node === undefined && !/O_CREAT/.test(flags)) return;
    if (node === undefined) this.link(place, (node = file()));
    else if (/O_TRUNC/.test(flags)) change(node, { at: 0, size: true, ended: true });
    this.openFiles.set(result, { node, path: place.path, at: 0, appends: /O_APPEND/.test(flags) });
  }

  write(call) {
    const { name, args } = call;
    const open = this.openFiles.get(number(args[0]));
    if (open === undefined || open.node.kind !== 'file') return undefined;
    const bytes = name.endsWith('v') || name.endsWith('v2') ? vectorOf(args[1]) : bytesOf(args[1]);
    const isPlaced = name.startsWith('p');
    const at = open.appends ? open.node.content.length : isPlaced ? number(args[3]) : open.at;
    const written = { at, bytes, ended: false };
    change(open.node, written);
    return () => {
      const length = Math.max(0, call.result ?? 0);
      if (!isPlaced) open.at = at + length;
      if (length < bytes.length)
        replace(open.node, written, { ...written, bytes: bytes.subarray(0, length), ended: true });
      else written.ended = true;
    };
  }

  resize(node, size, call) {
    if (node === undefined) return undefined;
    const resized = { at: size, size: true, ended: false };
    change(node, resized);
    return () => {
      if (call.result === 0) resized.ended = true;
      else replace(node, resized);
    };
  }

  sync(call) {
    const open = this.openFiles.get(number(call.args[0]));
    if (open === undefined) return undefined;
    const { node } = open;
    const isFolder = node.kind === 'folder';
    const path = this.pathOfNode(node) ?? open.path;
    const covered = isFolder
      ? this.nameChanges.filter(({ folders }) => folders.has(node))
      : node.changes.filter(({ ended }) => ended);
    return () => {
      if (call.result !== 0) return;
      const sync = `${isFolder ? 'folder' : 'file'} ${path}`;
      this.onSync(sync);
      if (this.isIgnored(sync)) return;
      if (isFolder) this.syncNames(node, covered);
      else syncFile(node, covered);
    };
  }

  syncNames(node, covered) {
    for (const nameChange of covered) nameChange.folders.delete(node);
    const durable = this.nameChanges.filter(({ folders }) => folders.size === 0);
    for (const nameChange of durable) applyName(nameChange, 'durable');
    this.nameChanges = this.nameChanges.filter(({ folders }) => folders.size > 0);
  }

  link({ parent, base }, node) {
    this.changeNames({ folders: new Set([parent]), adds: { parent, base, node } });
  }

  make(path) {
    const place = this.find(path);
    if (place) this.link(place, folder());
  }

  unlink(path) {
    const { parent, base, node } = this.find(path) ?? {};
    // A socket has none: it was made by a call that is not traced.
    if (node !== undefined) this.changeNames({ folders: new Set([parent]), removes: { parent, base, node } });
  }

  rename(from, to) {
    const source = this.find(from);
    const target = this.find(to);
    if (source === undefined && target === undefined) return;
    if (source?.node === undefined || target === undefined)
      throw new Error(`a rename from ${from} to ${to}, one of them unknown`);
    const { parent, base, node } = source;
    this.changeNames({
      folders: new Set([parent, target.parent]),
      removes: { parent, base, node },
      adds: { parent: target.parent, base: target.base, node },
    });
  }

  changeNames(nameChange) {
    applyName(nameChange, 'names');
    this.nameChanges.push(nameChange);
  }

  relative(path) {
    if (path === this.rootPath) return '';
    return path.startsWith(`${this.rootPath}/`) ? path.slice(this.rootPath.length + 1) : undefined;
  }

  /** Where a path is, and the node there if there is one; undefined outside of the directory. */
  find(path) {
    const relative = this.relative(path);
    if (relative === undefined) return undefined;
    const names = relative.split('/').filter((part) => part !== '' && part !== '.');
    const base = names.pop();
    if (base === undefined) return { parent: this.root, base: '.', node: this.root, path: '' };
    let parent = this.root;
    for (const part of names) {
      parent = parent.names.get(part);
      if (parent?.kind !== 'folder') throw new Error(`${path}: the trace has not made the folder ${part}`);
    }
    return { parent, base, node: parent.names.get(base), path: [...names, base].join('/') };
  }

  /** The present path of a node, from the root; undefined when it has no name any more. */
  pathOfNode(node, from = this.root, path = '') {
    if (node === from) return path;
    for (const [name, child] of from.names) {
      if (child === node) return path === '' ? name : `${path}/${name}`;
      if (child.kind !== 'folder') continue;
      const found = this.pathOfNode(node, child, path === '' ? name : `${path}/${name}`);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /**
   * The directory as it may be found: folders as maps, files as bytes. `keeps(kind)` says of each page, length and name
   * that was not synced whether it got to the disk.
   * @param {(kind: 'page' | 'size' | 'name') => boolean} keeps
   */
  losePower(keeps) {
    const names = new Map();
    const namesOf = (node) => {
      if (!names.has(node)) names.set(node, new Map(node.durable));
      return names.get(node);
    };
    for (const nameChange of this.nameChanges) if (keeps('name')) applyTo(nameChange, namesOf);
    const left = (node, above) => {
      if (node.kind === 'file') return afterLoss(node, keeps);
      if (above.has(node)) return new Map();
      const inside = new Set(above).add(node);
      return new Map([...namesOf(node)].map(([name, child]) => [name, left(child, inside)]));
    };
    return left(this.root, new Set());
  }
}

function folder() {
  return { kind: 'folder', names: new Map(), durable: new Map() };
}

/** `content`: what a reader sees. `stored`: what survives. */
function file() {
  return { kind: 'file', content: new Bytes(), stored: new Bytes(), changes: [] };
}

/** Bytes that grow without being copied each time. */
class Bytes {
  constructor(buffer = Buffer.alloc(0)) {
    this.buffer = buffer;
    this.length = buffer.length;
  }

  resize(length) {
    if (length > this.buffer.length) {
      const grown = Buffer.alloc(Math.max(length, this.buffer.length * 2));
      this.buffer.copy(grown, 0, 0, this.length);
      this.buffer = grown;
    }
    if (length < this.length) this.buffer.fill(0, length, this.length);
    this.length = length;
  }

  apply({ at, bytes }) {
    if (bytes === undefined) return this.resize(at);
    this.resize(Math.max(this.length, at + bytes.length));
    bytes.copy(this.buffer, at);
  }

  copy() {
    return new Bytes(Buffer.from(this.buffer.subarray(0, this.length)));
  }
}

function change(node, made) {
  node.content.apply(made);
  node.changes.push(made);
}

/** A write that was shorter than asked for, or failed. */
function replace(node, made, instead) {
  node.changes = node.changes.flatMap((each) => (each !== made ? [each] : instead ? [instead] : []));
  node.content = node.stored.copy();
  for (const each of node.changes) node.content.apply(each);
}

function syncFile(node, covered) {
  const durable = new Set(covered);
  for (const made of covered) node.stored.apply(made);
  node.changes = node.changes.filter((made) => !durable.has(made));
}

function afterLoss(node, keeps) {
  const left = node.stored.copy();
  for (const made of node.changes) {
    if (made.bytes === undefined) {
      if (keeps('size')) left.apply(made);
      continue;
    }
    const end = made.at + made.bytes.length;
    // The length may have got there without the data.
    if (end > left.length && keeps('size')) left.resize(end);
    for (let at = made.at; at < end;) {
      const next = Math.min(end, at - (at % PAGE) + PAGE);
      if (keeps('page')) left.apply({ at, bytes: made.bytes.subarray(at - made.at, next - made.at) });
      at = next;
    }
  }
  return left.buffer.subarray(0, left.length);
}

function applyName(nameChange, which) {
  applyTo(nameChange, (node) => node[which]);
}

function applyTo({ removes, adds }, namesOf) {
  if (removes) {
    const names = namesOf(removes.parent);
    if (names.get(removes.base) === removes.node) names.delete(removes.base);
  }
  if (adds) namesOf(adds.parent).set(adds.base, adds.node);
}

function number(argument) {
  return Number.parseInt(argument, 10);
}

function pathOf(argument) {
  return bytesOf(argument).toString();
}
