package edgelist_test

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/pulse-social/pulse/services/internal/edgelist"
)

func TestRead(t *testing.T) {
	t.Parallel()
	list, err := edgelist.Read(strings.NewReader("# friends\n7 3\r\n\n 3\t5 # since school\n3 7\n7 3"), "friends.txt")
	if err != nil {
		t.Fatal(err)
	}
	want := edgelist.List{People: []int64{3, 5, 7}, Edges: []edgelist.Edge{{7, 3}, {3, 5}, {3, 7}, {7, 3}}}
	if !reflect.DeepEqual(list, want) {
		t.Errorf("got %v, want %v", list, want)
	}
	if got, want := list.Following(false), [][]int{{1, 2}, {0}, {0}}; !reflect.DeepEqual(got, want) {
		t.Errorf("both ways: got %v, want %v", got, want)
	}
	if got, want := list.Following(true), [][]int{{1, 2}, nil, {0}}; !reflect.DeepEqual(got, want) {
		t.Errorf("directed: got %v, want %v", got, want)
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"three fields": {"1 2\n\n1 2 3", "friends.txt:3: want two whole numbers, got 3 fields"},
		"one field":    {"1", "friends.txt:1: want two whole numbers, got 1 field"},
		"a word":       {"1 2\nada 2", `friends.txt:2: want two whole numbers, got "ada"`},
		"a fraction":   {"1 2.5", `friends.txt:1: want two whole numbers, got "2.5"`},
		"negative":     {"-1 2", `friends.txt:1: want two whole numbers, got "-1"`},
		"too large":    {"1 9223372036854775808", "friends.txt:1: want two whole numbers, got 9223372036854775808, which is above 2^63-1"},
		"binary":       {"1 " + strings.Repeat("\x00", 50), `friends.txt:1: want two whole numbers, got "` + strings.Repeat(`\x00`, 40) + `..."`},
		"a loop":       {"1 2\n3 3", "friends.txt:2: 3 follows themself: remove the line"},
		"a long line":  {"1 2\n" + strings.Repeat("1", 70_000), "friends.txt:2: the line is longer than 64 KiB: want two whole numbers"},
		"nothing":      {"", "friends.txt: there is no edge in it: want two whole numbers a line"},
		"no edge":      {"# nobody yet\n\n", "friends.txt: there is no edge in it: want two whole numbers a line"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			list, err := edgelist.Read(strings.NewReader(c.text), "friends.txt")
			if err == nil || err.Error() != c.want {
				t.Errorf("got %v and %v, want %s", list, err, c.want)
			}
		})
	}
}

func TestReadFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("disk on fire")
	_, err := edgelist.Read(io.MultiReader(strings.NewReader("1 2\n"), iotest.ErrReader(broken)), "friends.txt")
	if !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
}

func FuzzRead(f *testing.F) {
	for _, text := range []string{"1 2\n2 3", "# a\n\n1\t2 # b\r\n", "1 1", "1 2 3", "x y", "9223372036854775807 0", "\ufeff1 2"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		list, err := edgelist.Read(strings.NewReader(text), "fuzz")
		if err != nil {
			if !strings.HasPrefix(err.Error(), "fuzz:") {
				t.Errorf("%q does not name the list", err)
			}
			return
		}
		again, err := edgelist.Read(strings.NewReader(written(list)), "again")
		if err != nil || !reflect.DeepEqual(again, list) {
			t.Errorf("written and read again it is %v (%v), was %v", again, err, list)
		}
		checkFollowing(t, list)
	})
}

func written(list edgelist.List) string {
	var text strings.Builder
	for _, e := range list.Edges {
		fmt.Fprintln(&text, e.From, e.To)
	}
	return text.String()
}

func checkFollowing(t *testing.T, list edgelist.List) {
	t.Helper()
	both, directed := list.Following(false), list.Following(true)
	for from, places := range both {
		if !slices.IsSorted(places) || slices.Contains(places, from) {
			t.Errorf("%d follows %v", from, places)
		}
		for _, to := range places {
			if !slices.Contains(both[to], from) {
				t.Errorf("%d follows %d and is not followed back", from, to)
			}
			if !slices.Contains(directed[from], to) && !slices.Contains(directed[to], from) {
				t.Errorf("no line makes %d follow %d", from, to)
			}
		}
	}
}
