package limit

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// Config says how often somebody may call.
type Config struct {
	// Read, Write, SignIn and Expensive are the limits of the schema's rate classes.
	Read      Rate `env:"PULSE_RATE_READ" envDefault:"3000/1m" doc:"calls that read, of a person, an API key or an anonymous address; 0: no limit"`
	Write     Rate `env:"PULSE_RATE_WRITE" envDefault:"600/1m" doc:"calls that change something, of the same; 0: no limit"`
	SignIn    Rate `env:"PULSE_RATE_SIGN_IN" envDefault:"30/1m" doc:"sign-ins, registrations and codes, of an address; 0: no limit"`
	Expensive Rate `env:"PULSE_RATE_EXPENSIVE" envDefault:"300/1m" doc:"searches, recommendations and mails, of a person, an API key or an anonymous address; 0: no limit"`
	// Account is the limit of wrong passwords for an account.
	Account Rate `env:"PULSE_RATE_ACCOUNT" envDefault:"10/10m" doc:"wrong passwords and password resets for an account, from any address; 0: no limit"`
	// TrustedProxies are the networks of those whose X-Forwarded-For is believed.
	TrustedProxies []string `env:"PULSE_TRUSTED_PROXIES" doc:"networks of the proxies whose X-Forwarded-For is believed, such as 10.0.0.0/8,fd00::/8; empty: none"`
}

// rates are the limits by class.
func (c Config) rates() [classes]Rate {
	return [classes]Rate{Read: c.Read, Write: c.Write, SignIn: c.SignIn, Expensive: c.Expensive, Account: c.Account}
}

// Validate answers what is wrong with the settings.
func (c Config) Validate() error {
	for _, network := range c.TrustedProxies {
		if _, err := parseNetwork(network); err != nil {
			return fmt.Errorf("PULSE_TRUSTED_PROXIES holds %q: write networks such as 10.0.0.0/8, or addresses, with commas", network)
		}
	}
	return nil
}

// parseNetwork reads a network, or an address, which is one of itself.
func parseNetwork(text string) (netip.Prefix, error) {
	text = strings.TrimSpace(text)
	if addr, err := netip.ParseAddr(text); err == nil {
		return addr.Unmap().Prefix(addr.Unmap().BitLen())
	}
	return netip.ParsePrefix(text)
}

// Bounds of a rate.
const (
	maxCalls  = 1_000_000
	maxWindow = 24 * time.Hour
)

// A Rate is a limit: so many calls in such a window. The zero value is no limit.
type Rate struct {
	// Calls is how many calls there may be at once, and in each window from then on.
	Calls int64
	// Window is how long it takes until all of them are there again.
	Window time.Duration
}

func (r Rate) off() bool { return r.Calls == 0 }

// interval is how long it takes until one more call is there, in microseconds.
func (r Rate) interval() int64 { return max(1, r.Window.Microseconds()/r.Calls) }

// UnmarshalText reads a limit such as 600/1m; 0 is none.
func (r *Rate) UnmarshalText(text []byte) error {
	if string(text) == "0" {
		*r = Rate{}
		return nil
	}
	calls, window, _ := strings.Cut(string(text), "/")
	n, err := strconv.ParseInt(calls, 10, 64)
	if err != nil || n < 1 || n > maxCalls {
		return fmt.Errorf("write a limit like 600/1m with 1 to %d calls, or 0", maxCalls)
	}
	d, err := time.ParseDuration(window)
	if err != nil || d < time.Second || d > maxWindow {
		return fmt.Errorf("write a limit like 600/1m with a window of 1s to %s, or 0", maxWindow)
	}
	*r = Rate{Calls: n, Window: d}
	return nil
}

// Expected says what UnmarshalText reads, for messages.
func (Rate) Expected() string { return "a limit: write it like 600/1m, or 0 for none" }
