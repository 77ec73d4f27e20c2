package limit

import (
	"crypto/sha256"
	"encoding/base64"
	"net/netip"
	"strconv"
	"strings"

	"github.com/pulse-social/pulse/services/internal/auth"
)

// Who is whose calls are counted together.
type Who string

// Caller answers who a call counts for: the person or program that it says, if it does; otherwise the address that it came
// from. What may be guessed at counts for the address in any case.
func Caller(class Class, p auth.Principal, address netip.Addr) Who {
	switch {
	case class == SignIn:
	case p.SignedIn():
		return Who("user " + strconv.FormatInt(p.UserID, 10))
	case p.APIKeyID != 0:
		return Who("key " + strconv.FormatInt(p.APIKeyID, 10))
	}
	return Who("address " + network(address))
}

// network answers what of an address is one caller's: of IPv6 the 64 bits that a household or a server gets (RFC 6177).
func network(address netip.Addr) string {
	if address.Is6() {
		if prefix, err := address.Prefix(64); err == nil {
			return prefix.String()
		}
	}
	return address.String()
}

// Login answers who those count for who name an account by handle or e-mail address, whether there is one or not.
func Login(login string) Who { return Who("login " + strings.ToLower(login)) }

// Mailbox answers who those count for who have mails sent to an address.
func Mailbox(address string) Who { return Who("mailbox " + strings.ToLower(address)) }

// Owner answers who those count for who prove that an account is theirs.
func Owner(userID int64) Who { return Who("owner " + strconv.FormatInt(userID, 10)) }

// key names a limit of somebody in Redis. It tells nobody their address or login.
type key [sha256.Size / 2]byte

func keyOf(class Class, who Who) key {
	sum := sha256.Sum256([]byte("pulse rate limit\x00" + class.String() + "\x00" + string(who)))
	return key(sum[:len(key{})])
}

func (k key) redis() string { return "limit:{" + base64.RawURLEncoding.EncodeToString(k[:]) + "}" }
