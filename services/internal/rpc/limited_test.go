package rpc_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"

	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	"github.com/pulse-social/pulse/gen/pulse/user/v1/userv1connect"
	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/kv"
	"github.com/pulse-social/pulse/services/internal/limit"
	"github.com/pulse-social/pulse/services/internal/overload"
	"github.com/pulse-social/pulse/services/internal/rpc"
)

// TestCallsOfOtherProcessesAreNotCountedAgain has a process be called by one of its own Pulse, by strangers, and by itself.
func TestCallsOfOtherProcessesAreNotCountedAgain(t *testing.T) {
	t.Parallel()
	redis, err := kv.Open(t.Context(), kv.Config{Timeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(redis.Close)
	limits := limit.New(limit.Config{Read: limit.Rate{Calls: 2, Window: time.Hour}}, redis, clock.System)
	server, err := rpc.NewServer(nil, overload.NewGate(overload.Config{}, clock.System), limits, limit.NewPass(redis, clock.System), slog.New(slog.DiscardHandler), func() string { return "1" })
	if err != nil {
		t.Fatal(err)
	}
	userv1connect.RegisterUserServiceHandler(server, userv1connect.UnimplementedUserServiceHandler{})
	address := serve(t, server)

	refused := func(client *connect.Client) (n int) {
		users := userv1connect.NewUserServiceClient(client)
		for range 10 {
			_, err := users.GetUser(t.Context(), &userv1.GetUserRequest{User: &userv1.GetUserRequest_UserId{UserId: 1}})
			if connect.CodeOf(err) == connect.CodeResourceExhausted {
				n++
			}
		}
		return n
	}
	if n := refused(rpc.Dial(address, nil, limit.NewPass(redis, clock.System))); n != 0 {
		t.Errorf("%d calls of another process were refused", n)
	}
	if n := refused(rpc.DialInProcess(server)); n != 0 {
		t.Errorf("%d calls of the process itself were refused", n)
	}
	other, err := kv.Open(t.Context(), kv.Config{Timeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(other.Close)
	if n := refused(rpc.Dial(address, nil, limit.NewPass(other, clock.System))); n != 8 {
		t.Errorf("of a stranger with a pass of their own, %d calls were refused, want 8", n)
	}
	if n := refused(connect.NewClient(connecthttp.NewTransport(http.DefaultClient, "http://"+address))); n != 10 {
		t.Errorf("then without one, %d calls were refused, want 10", n)
	}
}

// serve serves RPCs over HTTP/1.1 and HTTP/2, and answers where.
func serve(t *testing.T, server *connect.Server) (address string) {
	t.Helper()
	mux := http.NewServeMux()
	connecthttp.Mount(mux, server)
	web := httptest.NewUnstartedServer(mux)
	web.Config.Protocols = new(http.Protocols)
	web.Config.Protocols.SetHTTP1(true)
	web.Config.Protocols.SetUnencryptedHTTP2(true)
	web.Start()
	t.Cleanup(web.Close)
	return strings.TrimPrefix(web.URL, "http://")
}
