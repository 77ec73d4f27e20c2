// The page of the browser test: it subscribes, and notes in window.told what it was told.
import { createClient, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";

import { IdentityService } from "../../../gen/ts/pulse/identity/v1/identity_pb.js";
import { RealtimeService } from "../../../gen/ts/pulse/realtime/v1/realtime_pb.js";
import { reasonOf, subscribe, type Update } from "../../../sdk/ts/src/index.js";

interface Page {
  /** What was told, in the order it came. */
  told: string[];
  /** The cursor of the last. */
  cursor: string;
  /** With what the stream has ended for good; empty while it goes on. */
  ended: string;
  /** Logs in and subscribes, at the cursor of a page before. */
  follow(server: string, login: string, password: string, cursor: string): Promise<void>;
}

function describe({ event }: Update): string {
  switch (event.case) {
    case "messageSent":
      return `message ${event.value.text}`;
    case "timelinePost":
      return `post ${event.value.post?.text}`;
    default:
      return `(${event.case})`;
  }
}

declare const window: Page;
window.told = [];
window.cursor = "";
window.ended = "";

window.follow = async (server, login, password, cursor) => {
  const tokens = { access: "", refresh: "" };
  const signedIn: Interceptor = (next) => (req) => {
    if (tokens.access !== "") {
      req.header.set("Authorization", `Bearer ${tokens.access}`);
    }
    return next(req);
  };
  const identity = createClient(IdentityService, createConnectTransport({ baseUrl: server }));
  const answer = await identity.logIn({ login, password });
  tokens.access = answer.tokens?.accessToken ?? "";
  tokens.refresh = answer.tokens?.refreshToken ?? "";

  const realtime = createClient(RealtimeService, createConnectTransport({ baseUrl: server, interceptors: [signedIn] }));
  const refresh = async () => {
    const renewed = await identity.refresh({ refreshToken: tokens.refresh });
    tokens.access = renewed.tokens?.accessToken ?? "";
    tokens.refresh = renewed.tokens?.refreshToken ?? "";
  };
  try {
    for await (const update of subscribe(realtime, { cursor, refresh })) {
      window.told.push(describe(update));
      window.cursor = update.cursor;
    }
  } catch (error) {
    window.ended = `${reasonOf(error)} ${error}`;
  }
};
