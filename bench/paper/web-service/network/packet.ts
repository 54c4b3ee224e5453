/** What travels through the simulated network. */
export interface Packet {
  readonly source: number;
  readonly target: number;
  /** With all headers. */
  readonly bytes: number;
  /** Web or learning: the two classes that ports tell apart. */
  readonly isWeb: boolean;
  /** Of data: which packet of the message. Of an acknowledgement: the first packet that is missing. */
  readonly number: number;
  readonly sentAtMs: number;
  /** Of an acknowledgement: the mark of the data packet that it answers. */
  readonly hasEcho: boolean;
  /** Set by a port whose queue is longer than the marking threshold (ECN). */
  isMarked: boolean;
  readonly owner: PacketOwner;
}

/** Whoever is told what became of a packet. */
export interface PacketOwner {
  delivered(packet: Packet): void;
  dropped(packet: Packet): void;
}
