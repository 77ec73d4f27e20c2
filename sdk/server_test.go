package pulse_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"connectrpc.com/connect/v2/connectinprocess"
	"connectrpc.com/connect/v2/connectproto"
	"go.uber.org/goleak"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	"github.com/pulse-social/pulse/gen/pulse/graph/v1/graphv1connect"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	"github.com/pulse-social/pulse/gen/pulse/identity/v1/identityv1connect"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	"github.com/pulse-social/pulse/gen/pulse/post/v1/postv1connect"
	"github.com/pulse-social/pulse/gen/pulse/realtime/v1/realtimev1connect"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	pulse "github.com/pulse-social/pulse/sdk"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// server is a Pulse in small: it answers a few RPCs, checks access tokens, notes the headers of each call, and fails
// when its script says so. It stands in for the real one, which is in a module that needs this one.
type server struct {
	identityv1connect.UnimplementedIdentityServiceHandler
	graphv1connect.UnimplementedGraphServiceHandler
	postv1connect.UnimplementedPostServiceHandler

	// feed is what Subscribe streams.
	feed *feed
	// script answers why the nth call of a procedure, from 1, fails; nil to let it pass.
	script func(procedure string, n int) error
	// respond holds headers of every response.
	respond map[string]string
	// lifetime is that of the access tokens it issues.
	lifetime time.Duration

	mu       sync.Mutex
	calls    map[string][]call
	sessions int // number of the latest pair of tokens, the only one that is accepted
}

// call is what the server saw of a call.
type call struct {
	key, authorization, userAgent string
}

func newServer() *server {
	return &server{
		script:   func(string, int) error { return nil },
		feed:     &feed{script: endless},
		lifetime: 10 * time.Minute,
		calls:    make(map[string][]call),
		sessions: 1,
	}
}

func (s *server) connect() *connect.Server {
	srv := connect.NewServer(s.intercept)
	identityv1connect.RegisterIdentityServiceHandler(srv, s)
	graphv1connect.RegisterGraphServiceHandler(srv, s)
	postv1connect.RegisterPostServiceHandler(srv, s)
	realtimev1connect.RegisterRealtimeServiceHandler(srv, s.feed)
	return srv
}

func (s *server) intercept(next connect.ServerFunc) connect.ServerFunc {
	return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
		info, _ := connect.CallInfoForServerContext(ctx)
		header := info.RequestHeader()
		s.mu.Lock()
		s.calls[spec.Procedure] = append(s.calls[spec.Procedure],
			call{header.Get("Idempotency-Key"), header.Get("Authorization"), header.Get("User-Agent")})
		n := len(s.calls[spec.Procedure])
		accepted := fmt.Sprintf("Bearer access-%d", s.sessions)
		s.mu.Unlock()
		for key, value := range s.respond {
			info.ResponseHeader().Set(key, value)
		}
		if err := s.script(spec.Procedure, n); err != nil {
			return err
		}
		if sent := header.Get("Authorization"); sent != "" && sent != accepted {
			return failure(connect.CodeUnauthenticated, "ACCESS_TOKEN_INVALID")
		}
		return next(ctx, spec, stream)
	}
}

// seen answers the calls of a procedure so far.
func (s *server) seen(procedure string) []call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[procedure]
}

// issue makes a pair of tokens the only one that is accepted.
func (s *server) issue() *identityv1.Tokens {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions++
	return s.pair(s.sessions)
}

// pair answers the nth pair of tokens.
func (s *server) pair(n int) *identityv1.Tokens {
	return &identityv1.Tokens{
		AccessToken:      fmt.Sprintf("access-%d", n),
		AccessExpireTime: timestamppb.New(time.Now().Add(s.lifetime)),
		RefreshToken:     fmt.Sprintf("refresh-%d", n),
	}
}

func (s *server) Register(_ context.Context, req *identityv1.RegisterRequest) (*identityv1.RegisterResponse, error) {
	return &identityv1.RegisterResponse{Account: &identityv1.Account{Handle: req.GetHandle()}, Tokens: s.issue()}, nil
}

func (s *server) LogIn(_ context.Context, req *identityv1.LogInRequest) (*identityv1.LogInResponse, error) {
	return &identityv1.LogInResponse{Account: &identityv1.Account{Handle: req.GetLogin()}, Tokens: s.issue()}, nil
}

func (s *server) LogOut(context.Context, *identityv1.LogOutRequest) (*identityv1.LogOutResponse, error) {
	return &identityv1.LogOutResponse{}, nil
}

func (s *server) Refresh(context.Context, *identityv1.RefreshRequest) (*identityv1.RefreshResponse, error) {
	return &identityv1.RefreshResponse{Tokens: s.issue()}, nil
}

func (s *server) GetAccount(context.Context, *identityv1.GetAccountRequest) (*identityv1.GetAccountResponse, error) {
	return &identityv1.GetAccountResponse{Account: &identityv1.Account{Handle: "ada"}}, nil
}

func (s *server) CreatePost(_ context.Context, req *postv1.CreatePostRequest) (*postv1.CreatePostResponse, error) {
	return &postv1.CreatePostResponse{Post: &postv1.Post{Id: 1, Text: req.GetText()}}, nil
}

// ListFollowers answers ada, then grace and edsger, each page named by the handles before it.
func (s *server) ListFollowers(_ context.Context, req *graphv1.ListFollowersRequest) (*graphv1.ListFollowersResponse, error) {
	pages := map[string]*graphv1.ListFollowersResponse{
		"":      {Followers: []*graphv1.FollowListing{follower("ada")}, NextPageToken: "ada"},
		"ada":   {NextPageToken: "empty"},
		"empty": {Followers: []*graphv1.FollowListing{follower("grace"), follower("edsger")}},
	}
	if page, ok := pages[req.GetPageToken()]; ok {
		return page, nil
	}
	return nil, failure(connect.CodeInvalidArgument, "PAGE_TOKEN_INVALID")
}

func follower(handle string) *graphv1.FollowListing {
	return &graphv1.FollowListing{User: &userv1.UserSummary{Handle: handle}}
}

// failure is an error with a reason and with any other details.
func failure(code connect.Code, reason string, details ...proto.Message) error {
	info := &errdetails.ErrorInfo{Reason: reason, Domain: "pulse", Metadata: map[string]string{"request_id": "req-1"}}
	failed := connect.NewError(code, "scripted")
	for _, msg := range append([]proto.Message{info}, details...) {
		detail, err := connectproto.NewErrorDetail(msg)
		if err != nil {
			return err
		}
		failed = failed.WithDetail(detail)
	}
	return failed
}

func retryIn(delay time.Duration) proto.Message {
	return &errdetails.RetryInfo{RetryDelay: durationpb.New(delay)}
}

func unavailable() error {
	return failure(connect.CodeUnavailable, "UNAVAILABLE")
}

// connectInProcess answers a client of s without a network.
func connectInProcess(t *testing.T, s *server, opts ...pulse.Option) *pulse.Client {
	t.Helper()
	return newClient(t, "", append(opts, pulse.WithTransport(connectinprocess.New(s.connect())))...)
}

// overEachTransport runs a test in process, over the Connect protocol, and over gRPC.
func overEachTransport(t *testing.T, test func(*testing.T, func(*server, ...pulse.Option) *pulse.Client)) {
	t.Helper()
	t.Run("in process", func(t *testing.T) {
		test(t, func(s *server, opts ...pulse.Option) *pulse.Client { return connectInProcess(t, s, opts...) })
	})
	t.Run("Connect", func(t *testing.T) {
		test(t, func(s *server, opts ...pulse.Option) *pulse.Client {
			srv := serve(t, s)
			return newClient(t, srv.URL, append(opts, pulse.WithHTTPClient(srv.Client()))...)
		})
	})
	t.Run("gRPC", func(t *testing.T) {
		test(t, func(s *server, opts ...pulse.Option) *pulse.Client {
			return newClient(t, serve(t, s).URL, append(opts, pulse.WithGRPC())...)
		})
	})
}

func newClient(t *testing.T, url string, opts ...pulse.Option) *pulse.Client {
	t.Helper()
	client, err := pulse.NewClient(url, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func serve(t *testing.T, s *server) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	connecthttp.Mount(mux, s.connect())
	srv := httptest.NewUnstartedServer(mux)
	srv.Config.Protocols = new(http.Protocols)
	srv.Config.Protocols.SetHTTP1(true)
	srv.Config.Protocols.SetUnencryptedHTTP2(true)
	srv.Start()
	t.Cleanup(srv.Close)
	return srv
}
