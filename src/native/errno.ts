import { constants } from "node:os";

/** Error numbers of this platform, negative as the shim returns them. */
const errno = (name: keyof typeof constants.errno) => -constants.errno[name];

/** "Not now": call again when the channel is ready. */
export const PENDING = errno("EAGAIN");
export const CANCELED = errno("ECANCELED");
export const TIMED_OUT = errno("ETIMEDOUT");
export const CLOSED = errno("EPIPE");
export const MALFORMED = errno("EPROTO");
/** The server has the other kind of shared-memory object. */
export const OTHER_KIND = errno("EPROTOTYPE");
export const TOO_LONG = errno("EMSGSIZE");
export const NOT_FOUND = errno("ENOENT");
/** Another client was faster; the next may be luckier. */
export const BUSY = errno("EBUSY");
export const REFUSED = errno("ECONNREFUSED");
export const ADDRESS_IN_USE = errno("EADDRINUSE");
export const EXISTS = errno("EEXIST");
export const NOT_PERMITTED = errno("EPERM");
export const DENIED = errno("EACCES");
export const NO_ADDRESS = errno("EADDRNOTAVAIL");
export const NO_MEMORY = errno("ENOMEM");
export const INVALID = errno("EINVAL");
export const TOO_MANY_FILES = errno("EMFILE");
export const NO_SPACE = errno("ENOSPC");
/** Not among Node's constants. */
export const PEER_DIED = process.platform === "darwin" ? -105 : -130;
