/** What defaults and relative paths of a configuration depend on. */
export interface Places {
  /** Absolute path that sockets, logs/, metrics/ and state/ are below unless named. */
  readonly baseDir: string;
  /** Absolute path that relative paths of the file start at: the file's own folder. */
  readonly folder: string;
  readonly socketBytesMax: number;
  /** The default of server.nodeId. */
  readonly hostName: string;
  /** Socket that persist listens on: the default of the producer's. */
  readonly ipcSocket: string;
}
