package bus

import (
	"net/url"
	"strings"

	"github.com/nats-io/nats.go"

	"github.com/pulse-social/pulse/services/internal/config"
)

// signIn answers the addresses of the broker without credentials, and options that sign in with those of the moment: they
// may change in the file that they came from. Without a file the addresses stand as they are.
func signIn(c Config) (servers string, options []nats.Option) {
	first := user(c.URL)
	if c.URLFile == "" || first == nil {
		return c.URL, nil
	}
	current := func() (name, password string) {
		u := user(config.Current(c.URL, c.URLFile))
		password, _ = u.Password()
		return u.Username(), password
	}
	if _, ok := first.Password(); ok {
		options = []nats.Option{nats.UserInfoHandler(current)}
	} else {
		options = []nats.Option{nats.TokenHandler(func() string { token, _ := current(); return token })}
	}
	var plain []string
	for address := range strings.SplitSeq(c.URL, ",") {
		if u, err := url.Parse(strings.TrimSpace(address)); err == nil {
			u.User = nil
			address = u.String()
		}
		plain = append(plain, address)
	}
	return strings.Join(plain, ","), options
}

// user answers the credentials of the first of several addresses that has any.
func user(addresses string) *url.Userinfo {
	for address := range strings.SplitSeq(addresses, ",") {
		if u, err := url.Parse(strings.TrimSpace(address)); err == nil && u.User != nil {
			return u.User
		}
	}
	return nil
}
