package timeline

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/kv"
	"github.com/pulse-social/pulse/services/internal/testbackend"
)

const readerID = int64(1)

// listsOf makes lists of a length, and one for the reader that was built from ids.
func listsOf(t *testing.T, length int, ids ...int64) Lists {
	t.Helper()
	k, err := kv.Open(t.Context(), kv.Config{URL: testbackend.Redis(t), Timeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	l := Lists{kv: k, length: length}
	_, err = l.Rebuild(t.Context(), readerID, func(context.Context, int) ([]int64, error) { return ids, nil })
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func add(t *testing.T, l Lists, ids ...int64) {
	t.Helper()
	for _, postID := range ids {
		if err := l.Add(t.Context(), id.Time(postID), Posted{postID, []int64{readerID, 2}}); err != nil {
			t.Fatal(err)
		}
	}
}

func readList(t *testing.T, l Lists, userID int64) (List, bool) {
	t.Helper()
	list, ok, err := l.Read(t.Context(), userID)
	if err != nil {
		t.Fatal(err)
	}
	return list, ok
}

// at is a post that was written so many seconds after the first.
func at(seconds int) int64 {
	return id.At(time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC).Add(time.Duration(seconds) * time.Second))
}

func TestAListPutsRightWhatComesTwiceAndLate(t *testing.T) {
	t.Parallel()
	l := listsOf(t, 100, at(20), at(10))
	add(t, l, at(30), at(50), at(40), at(30), at(10), at(5))
	list, ok := readList(t, l, readerID)
	if want := []int64{at(50), at(40), at(30), at(20), at(10), at(5)}; !ok || !list.Whole || !slices.Equal(list.IDs, want) {
		t.Errorf("got %v, %v, want %v, whole", list, ok, want)
	}
	if _, ok := readList(t, l, 2); ok {
		t.Error("a post made a list for somebody who has not read")
	}
}

func TestAListThatWasCutIsNotTrustedAtItsEnd(t *testing.T) {
	t.Parallel()
	l := listsOf(t, 10, at(0))
	var newest []int64
	for n := range 9 + trimSlack { // With the last, the list is long enough to be cut.
		add(t, l, at(100+20*n))
		newest = append([]int64{at(100 + 20*n)}, newest...)
	}
	list, ok := readList(t, l, readerID)
	if !ok || list.Whole || len(list.IDs) != 9 || !slices.Equal(list.IDs, newest[:9]) {
		t.Fatalf("got %d ids, whole %v, want the newest 9 of the 10 that are left: nobody knows what was cut next to the last", len(list.IDs), list.Whole)
	}

	// One that comes late, from beyond the end, must not pass for the next post: those between are not in the list.
	add(t, l, newest[0]-1)
	if err := l.Add(t.Context(), id.Time(newest[0]), Posted{newest[20], []int64{readerID}}); err != nil {
		t.Fatal(err)
	}
	list, _ = readList(t, l, readerID)
	if slices.Contains(list.IDs, newest[20]) {
		t.Errorf("got %v, with %d beyond a gap", list.IDs, newest[20])
	}
	if list.covers(olderThan(newest[5]), 10) {
		t.Error("it says that it covers what was cut")
	}
}

func TestAListThatChangesWhileItIsRebuiltIsNotKept(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(Lists) error{
		"a post":   func(l Lists) error { return l.Add(t.Context(), id.Time(at(99)), Posted{at(99), []int64{readerID}}) },
		"a follow": func(l Lists) error { return l.Drop(t.Context(), readerID) },
	} {
		l := listsOf(t, 100)
		if err := l.Drop(t.Context(), readerID); err != nil {
			t.Fatal(err)
		}
		built, err := l.Rebuild(t.Context(), readerID, func(context.Context, int) ([]int64, error) {
			return []int64{at(10)}, change(l)
		})
		if err != nil || !slices.Equal(built.IDs, []int64{at(10)}) {
			t.Errorf("%s: rebuilt %v, %v, want what was loaded", name, built, err)
		}
		if list, ok := readList(t, l, readerID); ok {
			t.Errorf("%s: %v was kept, though it was changed meanwhile", name, list)
		}
	}
}

// A page needs the newer part of a list alone, and must know where that part may have gaps.
func TestTheNewerPartOfAListIsTrustedAsFarAsItGoes(t *testing.T) {
	t.Parallel()
	l := listsOf(t, 100)
	for n := range 30 {
		add(t, l, at(10*n))
	}
	part := func(elements int) List {
		t.Helper()
		reply, err := l.kv.Do(t.Context(), l.head(readerID, elements))
		if err != nil {
			t.Fatal(err)
		}
		list, ok, err := parseList(reply, elements)
		if err != nil || !ok {
			t.Fatalf("%v, %v", ok, err)
		}
		return list
	}
	if list := part(10); !list.Part || len(list.IDs) != 9 || list.IDs[8] != at(210) || !list.covers(olderThan(at(1000)), 9) || list.covers(olderThan(at(1000)), 10) {
		t.Errorf("the first ten: %v, want the newest nine: what is next to the last may lie behind it", list)
	}
	// What comes late moves nothing: it may lie anywhere, and says nothing of what lies behind it.
	if err := l.Add(t.Context(), id.Time(at(300)), Posted{at(5), []int64{readerID}}); err != nil {
		t.Fatal(err)
	}
	if list := part(10); len(list.IDs) != 8 || slices.Contains(list.IDs, at(5)) {
		t.Errorf("the first ten, the first late: %v, want the newest eight", list)
	}
	if list := part(1); len(list.IDs) != 0 || list.covers(olderThan(at(1000)), 1) {
		t.Errorf("the late one alone: %v, want nothing that can be trusted", list)
	}
	if list := part(50); list.Part || !list.Whole || len(list.IDs) != 31 || list.IDs[29] != at(5) {
		t.Errorf("all of it: %v, want everything in its place, and whole", list)
	}
}
