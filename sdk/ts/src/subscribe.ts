import { durationMs, type Duration } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type Client } from "@connectrpc/connect";

import { Reason } from "../../../gen/ts/pulse/errors/v1/errors_pb.js";
import { RealtimeService } from "../../../gen/ts/pulse/realtime/v1/realtime_pb.js";
import { CloseReason, type SubscribeResponse } from "../../../gen/ts/pulse/realtime/v1/stream_pb.js";
import { reasonOf } from "./errors.js";

/** The pause before a stream is opened again is random up to 100 ms, and up to twice as much after each attempt in vain. */
const reopenBase = 100;
const reopenCap = 10_000;

/** How long the server may take until a stream is open, in milliseconds. */
const openTimeout = 15_000;

/** The longest pause of the server's choice that is waited for, in milliseconds. */
const longestRetryDelay = 30_000;

/**
 * Resync is told when the cursor was older than what the server keeps. What happened since is not told: read
 * timelines, conversations and notifications anew. The new stream is open already, so that what happens meanwhile is told.
 */
export interface Resync {
  case: "resync";
}

/** Interrupted is told when the stream has broken. It comes again by itself, and nothing is lost. */
export interface Interrupted {
  case: "interrupted";
  /** Why. */
  error: ConnectError;
  /** How many milliseconds it takes until the next attempt. */
  pause: number;
}

type StreamEvent = SubscribeResponse["event"];

/** An Update is one thing that subscribe tells. */
export interface Update {
  /** What happened. Heartbeats and closings are not told. Leave alone what you do not know. */
  event: Exclude<StreamEvent, { case: "heartbeat" | "closing" | undefined }> | Resync | Interrupted;
  /** Where to go on when this update and all before it have been dealt with. */
  cursor: string;
}

/** How to subscribe. */
export interface SubscribeOptions {
  /** Where to go on; empty begins now. */
  cursor?: string;
  /** People whose presence to tell, at most 500. */
  watchedUserIds?: bigint[];
  /** Gets a new access token, which the client's transport sends from then on. Without it the stream ends with its token. */
  refresh?: () => Promise<void>;
  /** Ends the sequence. */
  signal?: AbortSignal;
}

/**
 * subscribe iterates over what happens to the signed-in person, as it happens and for as long as the loop runs.
 *
 * When the stream breaks it goes on where it was: every durable update comes exactly once. An update counts as dealt with when
 * the loop asks for the next one. To go on in another page, keep the cursor of the last one and begin with it. Each time that a
 * stream is open "opened" is told; presence is told anew after it. A connection on which nothing comes for twice the
 * server's heartbeat interval is given up.
 *
 * It ends without an error when the signal is aborted, and throws a ConnectError which trying again does not change, such
 * as one of SESSION_REVOKED. As long as there is no connection it tries again, without end.
 */
export async function* subscribe(
  client: Client<typeof RealtimeService>,
  options: SubscribeOptions = {},
): AsyncGenerator<Update, void, undefined> {
  const state: State = { cursor: options.cursor ?? "", expired: false, opened: false, refused: false, fruitful: false };
  for (let failures = 0; !options.signal?.aborted; ) {
    state.fruitful = false;
    const end = yield* follow(client, options, state);
    if (options.signal?.aborted) {
      return;
    }
    if (end.final) {
      throw end.error;
    }
    if (state.fruitful) {
      failures = 0;
    }
    let pause = end.pause;
    if (end.error) {
      pause = Math.max(pause, 1 + Math.random() * Math.min(reopenBase * 2 ** failures, reopenCap));
      failures++;
      yield { event: { case: "interrupted", error: end.error, pause }, cursor: state.cursor };
    }
    await rest(pause, options.signal);
  }
}

interface State {
  /** That of the last update that was dealt with. */
  cursor: string;
  /** The server does not know the way on from the cursor any more. */
  expired: boolean;
  /** Some stream was open. */
  opened: boolean;
  /** The access token was refused since the last stream was open. */
  refused: boolean;
  /** The stream at hand has brought something. */
  fruitful: boolean;
}

/** How a stream has ended. */
interface End {
  /** Why; absent when the end was foreseen. */
  error?: ConnectError;
  /** No other stream can do better. */
  final?: boolean;
  /** How many milliseconds to wait before the next one. */
  pause: number;
}

/** follow opens a stream, passes on what it brings until it ends, and answers what is to be done then. */
async function* follow(
  client: Client<typeof RealtimeService>,
  options: SubscribeOptions,
  state: State,
): AsyncGenerator<Update, End, undefined> {
  const watch = new Watch(options.signal);
  try {
    const request = { cursor: state.expired ? "" : state.cursor, watchedUserIds: options.watchedUserIds ?? [] };
    const stream = client.subscribe(request, { signal: watch.signal })[Symbol.asyncIterator]();
    for (;;) {
      const next = await watch.over(stream.next());
      if (next.done) {
        return { error: new ConnectError("the server has ended the stream", Code.Unavailable), pause: 0 };
      }
      const { event, cursor } = next.value;
      if (event.case === "closing") {
        state.fruitful = true;
        if (event.value.reason === CloseReason.TOKEN_EXPIRES) {
          await options.refresh?.();
        }
        return { pause: Math.min(millis(event.value.retryDelay), longestRetryDelay) };
      }
      if (event.case === "opened") {
        watch.limit = 2 * millis(event.value.heartbeatInterval) || watch.limit;
      }
      yield* deal(event, cursor || state.cursor, state);
    }
  } catch (thrown) {
    return await judge(ConnectError.from(thrown), options, state);
  } finally {
    watch.end();
  }
}

/** deal passes on what a stream has brought, and takes it for dealt with when it is asked for more. */
function* deal(event: StreamEvent, cursor: string, state: State): Generator<Update, void, undefined> {
  switch (event.case) {
    case "opened":
      state.opened = true;
      state.refused = false;
      if (state.expired) {
        yield { event: { case: "resync" }, cursor };
        state.cursor = cursor;
        state.expired = false;
      }
      yield { event, cursor };
      break;
    case "heartbeat":
      state.fruitful = true;
      break;
    case "closing":
    case undefined: // Newer than this package.
      break;
    default:
      state.fruitful = true;
      yield { event, cursor };
  }
  state.cursor = cursor;
}

/** judge answers what is to be done about a failure. */
async function judge(error: ConnectError, options: SubscribeOptions, state: State): Promise<End> {
  switch (reasonOf(error)) {
    case Reason.CURSOR_EXPIRED:
      if (state.expired || state.cursor === "") {
        return { error, final: true, pause: 0 };
      }
      state.expired = true;
      return { pause: 0 };
    case Reason.ACCESS_TOKEN_INVALID:
      if (state.refused || !options.refresh) {
        return { error, final: true, pause: 0 };
      }
      state.refused = true;
      try {
        await options.refresh();
      } catch (thrown) {
        const failure = ConnectError.from(thrown);
        state.refused = false;
        return { error: failure, final: isFinal(failure, state), pause: 0 };
      }
      return { pause: 0 };
    default:
      return { error, final: isFinal(error, state), pause: 0 };
  }
}

/** isFinal tells whether a failure stays however often one tries. What gives no reason did not come from Pulse. */
function isFinal(error: ConnectError, state: State): boolean {
  const reason = reasonOf(error);
  switch (error.code) {
    case Code.Unauthenticated:
    case Code.PermissionDenied:
    case Code.Unimplemented:
      return true;
    case Code.InvalidArgument:
    case Code.NotFound:
    case Code.FailedPrecondition:
      return reason !== Reason.UNSPECIFIED;
    default:
      // Streams that broke count until the server notices, so only those who never had one have too many.
      return reason === Reason.TOO_MANY_STREAMS && !state.opened;
  }
}

/** A Watch gives a stream up on which nothing comes. */
class Watch {
  /** How many milliseconds nothing may come. */
  limit = openTimeout;
  private readonly controller = new AbortController();
  private readonly abort = () => this.controller.abort();

  constructor(private readonly outer: AbortSignal | undefined) {
    outer?.addEventListener("abort", this.abort);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** over waits for the stream, but not for longer than the limit. */
  async over<T>(coming: Promise<T>): Promise<T> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const silence = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new ConnectError("nothing came for twice the heartbeat interval: the connection is taken for dead", Code.Unavailable));
        coming.catch(() => undefined); // It fails by the abort, which nobody waits for any more.
        this.abort();
      }, this.limit);
    });
    try {
      return await Promise.race([coming, silence]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** end gives the stream up, if it has not ended. */
  end(): void {
    this.outer?.removeEventListener("abort", this.abort);
    this.abort();
  }
}

function millis(duration: Duration | undefined): number {
  return duration ? durationMs(duration) : 0;
}

/** rest waits, but not past the signal. */
function rest(pause: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, pause);
    signal?.addEventListener("abort", done);
  });
}
