package demo_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	userv1 "github.com/pulse-social/pulse/gen/pulse/user/v1"
	"github.com/pulse-social/pulse/services/internal/demo"
	"github.com/pulse-social/pulse/services/internal/progress"
	"github.com/pulse-social/pulse/services/internal/seed"
	"github.com/pulse-social/pulse/services/pulsetest"
)

const people = 6

func open(t *testing.T, path string) *demo.Folder {
	t.Helper()
	folder, err := demo.OpenFolder(path, people)
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

// afterFollows interrupts a fill when the line of the follows has been shown.
type afterFollows struct{ interrupt context.CancelFunc }

// Write implements io.Writer.
func (a afterFollows) Write(line []byte) (int, error) {
	if strings.HasPrefix(string(line), "follows: ") {
		a.interrupt()
	}
	return len(line), nil
}

func TestFill(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "demo")
	p := pulsetest.Start(t)

	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	err := open(t, path).Fill(ctx, p.URL(), progress.New(afterFollows{interrupt}, false, nil))
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("interrupted fill: %v", err)
	}
	if folder := open(t, path); folder.Filled {
		t.Error("an interrupted fill counts as filled")
	}
	for range 2 { // The first goes on, the second finds nothing to do.
		if err := open(t, path).Fill(t.Context(), p.URL(), nil); err != nil {
			t.Fatal(err)
		}
	}
	if folder := open(t, path); !folder.Filled || folder.People != people {
		t.Errorf("after the fill the folder says %+v", folder)
	}
	p.Settle(t)
	checkFilled(t, p, demo.Plan(people))
}

// checkFilled wants everybody to have followed and written what was planned, once.
func checkFilled(t *testing.T, p *pulsetest.Pulse, plan seed.Plan) {
	t.Helper()
	c := p.Client(t)
	posts, follows, likes := 0, 0, 0
	for _, person := range plan.People {
		answer, err := c.Users.GetUser(t.Context(), &userv1.GetUserRequest{User: &userv1.GetUserRequest_Handle{Handle: person.Handle}})
		if err != nil {
			t.Fatal(err)
		}
		if u := answer.GetUser(); u.GetDisplayName() != person.Profile.GetDisplayName() || u.GetBio() != person.Profile.GetBio() {
			t.Errorf("%s is %v", person.Handle, u)
		}
		id := answer.GetUser().GetId()
		for post, err := range c.AllUserTimelinePosts(t.Context(), &timelinev1.GetUserTimelineRequest{UserId: id}) {
			if err != nil {
				t.Fatal(err)
			}
			posts++
			likes += int(post.GetCounts().GetLikes())
		}
		for _, err := range c.AllFollowing(t.Context(), &graphv1.ListFollowingRequest{UserId: id}) {
			if err != nil {
				t.Fatal(err)
			}
			follows++
		}
	}
	if posts != len(plan.Posts) || follows != len(plan.Follows) || likes != len(plan.Likes) {
		t.Errorf("%d posts, %d follows, %d likes, want %d, %d, %d", posts, follows, likes, len(plan.Posts), len(plan.Follows), len(plan.Likes))
	}
}

func TestOpenFolderRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ file, content, want string }{
		"real data":     {"pulse.db", "precious", " is not empty and holds no demo: name another folder"},
		"damaged state": {"demo.json", "{", ": demo.json in it is damaged: delete the folder, or name another"},
		"no people":     {"demo.json", "{}", ": demo.json in it is damaged: delete the folder, or name another"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := t.TempDir()
			if err := os.WriteFile(filepath.Join(path, c.file), []byte(c.content), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := demo.OpenFolder(path, people)
			if err == nil || err.Error() != "PULSE_DATA_DIR="+path+c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}
