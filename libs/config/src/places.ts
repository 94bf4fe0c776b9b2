/** What defaults and relative paths of a configuration depend on. */
export interface Places {
  /** Absolute path that sockets, logs/, metrics/ and state/ are below unless named. */
  readonly baseDir: string;
  /** Absolute path that relative paths of the file start at: the file's own folder. */
  readonly folder: string;
  readonly socketBytesMax: number;
  /** The default of server.nodeId. */
  readonly hostName: string;
  /** Default of persist.ipc.socket: the daemon's ipc.socket if it is given. */
  readonly persistSocket: string;
  /** Default of the producers' ipc.socket: the one that persist listens on. */
  readonly producerSocket: string;
}
