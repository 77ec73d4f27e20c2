package seed

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	pulse "github.com/pulse-social/pulse/sdk"
)

// run is one run.
type run struct {
	Options
	pool    *http.Transport
	people  []*person
	signIns chan struct{}

	follows, posts, likes atomic.Int64

	mu  sync.Mutex
	ids map[*Post]int64 // of the posts that are there
}

// person is somebody of the plan on the server.
type person struct {
	Person
	id     int64
	client *pulse.Client
	// existed is whether they were there before the run.
	existed bool
	// following and texts are whom an existing person follows already, and the ids of the plan's posts they have.
	following map[int64]bool
	texts     map[string]int64

	signing  sync.Mutex
	signedIn bool
}

// result counts what was done.
func (r *run) result() Result {
	added := Result{Follows: int(r.follows.Load()), Posts: int(r.posts.Load()), Likes: int(r.likes.Load())}
	for _, p := range r.people {
		if p.id != 0 && !p.existed {
			added.People++
		}
	}
	return added
}

// register registers everybody, or finds who is there.
func (r *run) register(ctx context.Context) error {
	stage := r.Progress.Stage("people", len(r.people))
	defer stage.End()
	return each(ctx, r.Concurrency, r.people, func(ctx context.Context, p *person) error {
		if err := r.registerOne(ctx, p); err != nil {
			return err
		}
		stage.Done()
		return nil
	})
}

// registerOne asks for the person before registering them: to refuse a handle that is taken, the server may have to hash
// the password first.
func (r *run) registerOne(ctx context.Context, p *person) error {
	var err error
	if p.client, err = r.client(); err != nil {
		return err
	}
	found, err := p.client.Users.GetUser(ctx, &userv1.GetUserRequest{User: &userv1.GetUserRequest_Handle{Handle: p.Handle}})
	switch {
	case err == nil:
		p.id, p.existed = found.GetUser().GetId(), true
		return r.describe(ctx, p, found.GetUser())
	case pulse.ReasonOf(err) != errorsv1.Reason_REASON_USER_NOT_FOUND:
		return fmt.Errorf("look for %s: %w", p.Handle, err)
	}
	err = r.guarded(ctx, func() error {
		account, err := p.client.Register(ctx, &identityv1.RegisterRequest{
			Handle: p.Handle, Email: p.Email, Password: r.Password, DeviceName: deviceName,
		})
		p.id, p.signedIn = account.GetId(), err == nil
		return err
	})
	if err != nil {
		return fmt.Errorf("register %s: %w", p.Handle, err)
	}
	return r.describe(ctx, p, &userv1.User{DisplayName: p.Handle})
}

// describe gives a person their profile unless they have it.
func (r *run) describe(ctx context.Context, p *person, has *userv1.User) error {
	want := p.Profile
	if want == nil || want.GetDisplayName() == has.GetDisplayName() && want.GetBio() == has.GetBio() && want.GetLocation() == has.GetLocation() {
		return nil
	}
	client, err := r.as(ctx, p)
	if err != nil {
		return err
	}
	_, err = client.Users.UpdateProfile(ctx, &userv1.UpdateProfileRequest{
		Profile: want, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"display_name", "bio", "location"}},
	})
	if err != nil {
		return fmt.Errorf("profile of %s: %w", p.Handle, err)
	}
	return nil
}

// as answers the client of a person, signed in. Signing in costs the server a hash, so it waits for the first need.
func (r *run) as(ctx context.Context, p *person) (*pulse.Client, error) {
	p.signing.Lock()
	defer p.signing.Unlock()
	if p.signedIn {
		return p.client, nil
	}
	err := r.guarded(ctx, func() error {
		_, err := p.client.LogIn(ctx, &identityv1.LogInRequest{Login: p.Handle, Password: r.Password, DeviceName: deviceName})
		return err
	})
	if pulse.ReasonOf(err) == errorsv1.Reason_REASON_CREDENTIALS_INVALID {
		return nil, fmt.Errorf("%s is there already with another password: give the password of the first run (--password), or use a Pulse without them", p.Handle)
	}
	if err != nil {
		return nil, fmt.Errorf("log in as %s: %w", p.Handle, err)
	}
	p.signedIn = true
	return p.client, nil
}

// guarded makes a call that has a password hashed, when there is room.
func (r *run) guarded(ctx context.Context, call func() error) error {
	select {
	case r.signIns <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-r.signIns }()
	return call()
}
