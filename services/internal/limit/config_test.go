package limit_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pulse-social/pulse/services/internal/config"
	"github.com/pulse-social/pulse/services/internal/limit"
)

func load(name, value string) (limit.Config, error) {
	var c limit.Config
	_, err := config.Load(&c, func(asked string) (string, bool) { return value, asked == name })
	if err == nil {
		err = c.Validate()
	}
	return c, err
}

func TestSettings(t *testing.T) {
	t.Parallel()
	c, err := load("PULSE_RATE_READ", "20/1s")
	if err != nil || c.Read != (limit.Rate{Calls: 20, Window: time.Second}) || c.SignIn != (limit.Rate{Calls: 30, Window: time.Minute}) {
		t.Errorf("got %+v, %v", c, err)
	}
	if c, err := load("PULSE_RATE_READ", "0"); err != nil || c.Read != (limit.Rate{}) {
		t.Errorf("0: %+v, %v", c.Read, err)
	}
	for _, wrong := range []string{"20", "20/", "0/1m", "-1/1m", "x/1m", "20/1ms", "20/48h", "2000000/1m", "20/1m/1m"} {
		if _, err := load("PULSE_RATE_WRITE", wrong); err == nil || !strings.Contains(err.Error(), "PULSE_RATE_WRITE") || !strings.Contains(err.Error(), "600/1m") {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	if _, err := load("PULSE_TRUSTED_PROXIES", "10.0.0.0/8, fd00::1"); err != nil {
		t.Error(err)
	}
	if _, err := load("PULSE_TRUSTED_PROXIES", "haproxy"); err == nil || !strings.Contains(err.Error(), "PULSE_TRUSTED_PROXIES") {
		t.Errorf("a name for a network: %v", err)
	}
}
