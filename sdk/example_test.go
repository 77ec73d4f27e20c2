package pulse_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"connectrpc.com/connect/v2/connectinprocess"
	"google.golang.org/protobuf/encoding/protojson"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	"github.com/pulse-social/pulse/gen/pulse/graph/v1/graphv1connect"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	pulse "github.com/pulse-social/pulse/sdk"
)

// startServer starts the small server of these tests. Yours is at an address.
func startServer() *httptest.Server {
	mux := http.NewServeMux()
	connecthttp.Mount(mux, newServer().connect())
	return httptest.NewServer(mux)
}

func Example() {
	server := startServer()
	defer server.Close()
	ctx := context.Background()

	client, err := pulse.NewClient(server.URL)
	if err != nil {
		panic(err)
	}
	account, err := client.LogIn(ctx, &identityv1.LogInRequest{Login: "ada", Password: "correct horse"})
	if err != nil {
		panic(err)
	}
	created, err := client.Posts.CreatePost(ctx, &postv1.CreatePostRequest{Text: "Hello, Pulse"})
	if err != nil {
		panic(err)
	}
	fmt.Printf("%s: %s\n", account.GetHandle(), created.GetPost().GetText())
	// Output: ada: Hello, Pulse
}

func ExampleClient_AllFollowers() {
	server := startServer()
	defer server.Close()
	client, err := pulse.NewClient(server.URL)
	if err != nil {
		panic(err)
	}

	for follower, err := range client.AllFollowers(context.Background(), &graphv1.ListFollowersRequest{UserId: 7}) {
		if err != nil {
			panic(err)
		}
		fmt.Println(follower.GetUser().GetHandle())
	}
	// Output:
	// ada
	// grace
	// edsger
}

func ExampleError() {
	server := startServer()
	defer server.Close()
	client, err := pulse.NewClient(server.URL)
	if err != nil {
		panic(err)
	}

	_, err = client.Graph.ListFollowers(context.Background(), &graphv1.ListFollowersRequest{PageToken: "made up"})
	if failure, ok := errors.AsType[*pulse.Error](err); ok {
		fmt.Println(failure.Code)
		fmt.Println(failure.Reason)
		fmt.Println(failure.RequestID)
	}
	// Output:
	// invalid_argument
	// REASON_PAGE_TOKEN_INVALID
	// req-1
}

func ExampleReasonOf() {
	server := startServer()
	defer server.Close()
	client, err := pulse.NewClient(server.URL)
	if err != nil {
		panic(err)
	}

	_, err = client.Graph.ListFollowers(context.Background(), &graphv1.ListFollowersRequest{PageToken: "made up"})
	switch pulse.ReasonOf(err) {
	case errorsv1.Reason_REASON_PAGE_TOKEN_INVALID:
		fmt.Println("start again from the first page")
	case errorsv1.Reason_REASON_USER_NOT_FOUND:
		fmt.Println("there is nobody of that id")
	default:
		panic(err)
	}
	// Output: start again from the first page
}

// The caller of a queue worker keeps the key with the job, so that the post is made once even if the worker dies
// after the call and the job runs again.
func Example_idempotencyKey() {
	client, err := pulse.NewClient("https://pulse.example.org")
	if err != nil {
		panic(err)
	}

	ctx, call := connect.NewClientContext(context.Background())
	call.RequestHeader().Set("Idempotency-Key", "job-20260131-000042")
	if _, err := client.Posts.CreatePost(ctx, &postv1.CreatePostRequest{Text: "Nightly build passed"}); err != nil {
		panic(err)
	}
}

func ExampleClient_Register() {
	client, err := pulse.NewClient("https://pulse.example.org")
	if err != nil {
		panic(err)
	}
	_, err = client.Register(context.Background(), &identityv1.RegisterRequest{
		Handle:   "ada",
		Email:    "ada@example.org",
		Password: os.Getenv("PASSWORD"),
	})
	if pulse.ReasonOf(err) == errorsv1.Reason_REASON_HANDLE_TAKEN {
		fmt.Println("choose another handle")
	}
}

// An account with a second factor takes two steps to sign in to.
func ExampleClient_LogInWithSecondFactor() {
	client, err := pulse.NewClient("https://pulse.example.org")
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	_, err = client.LogIn(ctx, &identityv1.LogInRequest{Login: "ada", Password: os.Getenv("PASSWORD")})
	if challenge := pulse.Challenge(err); challenge != "" {
		fmt.Print("Code of your authenticator app: ")
		var code string
		if _, err := fmt.Scanln(&code); err != nil {
			panic(err)
		}
		_, err = client.LogInWithSecondFactor(ctx, &identityv1.LogInWithSecondFactorRequest{Challenge: challenge, Code: code})
	}
	if err != nil {
		panic(err)
	}
}

// The person is sent to the provider's page in between. What BeginSignIn answers is kept for when they come back.
func ExampleClient_CompleteSignIn() {
	client, err := pulse.NewClient("https://pulse.example.org")
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	begun, err := client.Identity.BeginSignIn(ctx, &identityv1.BeginSignInRequest{Provider: "github"})
	if err != nil {
		panic(err)
	}
	fmt.Println("open", begun.GetUrl())

	// The parameters state and code of the address that the provider has sent them back to.
	var state, code string
	account, err := client.CompleteSignIn(ctx, &identityv1.CompleteSignInRequest{State: state, Code: code, Secret: begun.GetSecret()})
	if err != nil {
		panic(err)
	}
	fmt.Println("signed in as", account.GetHandle())
}

func ExampleClient_LogOut() {
	client, err := pulse.NewClient("https://pulse.example.org", pulse.WithTokenStore(file("session.json")))
	if err != nil {
		panic(err)
	}
	if err := client.LogOut(context.Background()); err != nil {
		panic(err)
	}
}

// A transport to a server in the same process makes tests quick. Those of programs that use Pulse can start a real
// one with the module github.com/pulse-social/pulse/services/pulsetest.
func ExampleWithTransport() {
	server := connect.NewServer()
	graphv1connect.RegisterGraphServiceHandler(server, newServer())

	client, err := pulse.NewClient("", pulse.WithTransport(connectinprocess.New(server)))
	if err != nil {
		panic(err)
	}
	page, err := client.Graph.ListFollowers(context.Background(), &graphv1.ListFollowersRequest{UserId: 7})
	if err != nil {
		panic(err)
	}
	fmt.Println(len(page.GetFollowers()))
	// Output: 1
}

// To record OpenTelemetry spans of each HTTP request, attempts of one call included, pass
// otelhttp.NewTransport(http.DefaultTransport) as the transport.
func ExampleWithHTTPClient() {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.ResponseHeaderTimeout = 10 * time.Second

	_, err := pulse.NewClient("https://pulse.example.org", pulse.WithHTTPClient(&http.Client{Transport: transport}))
	if err != nil {
		panic(err)
	}
}

// file is a TokenStore that keeps the tokens in the file of that name.
type file string

func (f file) Load(context.Context) (*identityv1.Tokens, error) {
	data, err := os.ReadFile(string(f))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil // No tokens and no error is how a store says that it is empty.
	}
	if err != nil {
		return nil, err
	}
	tokens := new(identityv1.Tokens)
	return tokens, protojson.Unmarshal(data, tokens)
}

func (f file) Save(_ context.Context, tokens *identityv1.Tokens) error {
	if tokens == nil {
		return os.RemoveAll(string(f))
	}
	data, err := protojson.Marshal(tokens)
	if err != nil {
		return err
	}
	return os.WriteFile(string(f), data, 0o600)
}

func ExampleWithTokenStore() {
	client, err := pulse.NewClient("https://pulse.example.org", pulse.WithTokenStore(file("session.json")))
	if err != nil {
		panic(err)
	}
	signedIn, err := client.SignedIn(context.Background())
	if err != nil {
		panic(err)
	}
	fmt.Println("still signed in:", signedIn)
}
