import { BinaryReader } from "@bufbuild/protobuf/wire";
import { ConnectError } from "@connectrpc/connect";

import { Reason } from "../../../gen/ts/pulse/errors/v1/errors_pb.js";

/** The domain of the reasons in pulse.errors.v1. Proxies may add reasons of their own. */
const domain = "pulse";

/**
 * reasonOf answers the reason of a failed call; UNSPECIFIED when it is no error of a call, the server gave no reason, or
 * one that is newer than this package.
 */
export function reasonOf(error: unknown): Reason {
  for (const detail of ConnectError.from(error).details) {
    if (!("type" in detail) || detail.type !== "google.rpc.ErrorInfo" || !(detail.value instanceof Uint8Array)) {
      continue;
    }
    const info = readErrorInfo(detail.value);
    if (info.domain === domain) {
      return Reason[info.reason as keyof typeof Reason] ?? Reason.UNSPECIFIED;
    }
  }
  return Reason.UNSPECIFIED;
}

/** readErrorInfo reads the two fields of a google.rpc.ErrorInfo that are asked for, which no package on npm has. */
function readErrorInfo(bytes: Uint8Array): { reason: string; domain: string } {
  const info = { reason: "", domain: "" };
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    switch (field) {
      case 1:
        info.reason = reader.string();
        break;
      case 2:
        info.domain = reader.string();
        break;
      default:
        reader.skip(wireType, field);
    }
  }
  return info;
}
