package mute

import (
	"testing"
	"time"
)

func TestText(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		muted, text string
		want        bool
	}{
		{"cat", "my cat sleeps", true},
		{"cat", "CAT!", true},
		{"cat", "concatenate", false},
		{"cat", "cats", false},
		{"cat", "#cat", true},
		{"#cat", "a cat", false},
		{"#cat", "a #Cat.", true},
		{"#cat", "a # cat", false},
		{"cat", "tom-cat", true},
		{"new york", "I love New  York, really", true},
		{"new york", "a new one from York", false},
		{"new york", "new", false},
		{"don't", "I don’t know", true},
		{"straße", "Die STRASSE", true},
		{"ﬁsh", "fish", true},
		{"ｆｕｌｌ", "full", true},
		{"caf\u00e9", "cafe\u0301", true},
		{"ΣΊΣΥΦΟΣ", "σίσυφος", true},
		{"привет", "ПРИВЕТ мир", true},
		{"日本", "東日本大震災", true},
		{"日本", "日々本", false},
		{"ねこ", "このねこが", true},
		{"한국", "한국 사람", true},
		{"한국", "한국어", false},
		{"مرحبا", "قال مرحبا بك", true},
		{"🎃", "boo 🎃🎃", true},
		{"👨‍👩‍👧", "the 👨‍👩‍👧 came", true},
		{"👨", "the 👨‍👩‍👧 came", false},
		{"3.14", "pi is 3.14", true},
		{"3.14", "pi is 3,14", false},
		{"!!!", "so what!!!", false},
		{"", "anything", false},
	} {
		var rules Rules
		rules.words = rules.words.with(Key(test.muted), time.Time{})
		if got := rules.Text(time.Now(), test.text); got != test.want {
			t.Errorf("%q in %q: %t, want %t", test.muted, test.text, got, test.want)
		}
		if got := rules.Text(time.Now(), "nothing", test.text); got != test.want {
			t.Errorf("%q in the second text %q: %t, want %t", test.muted, test.text, got, test.want)
		}
	}
}

func TestKey(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Cat":          "cat",
		"  New\tYORK ": "new york",
		"#Cat":         "#cat",
		"＃Cat":         "#cat",
		"##cat":        "#cat",
		"—!?":          "",
		"#":            "",
		" ":            "",
	} {
		if got := Key(text); got != want {
			t.Errorf("key of %q: %q, want %q", text, got, want)
		}
		if again := Key(want); again != want {
			t.Errorf("key of the key %q: %q", want, again)
		}
	}
}

func TestMutesEnd(t *testing.T) {
	t.Parallel()
	now := time.Now()
	rules := Rules{people: map[int64]time.Time{1: now, 2: now.Add(1), 3: {}}}
	rules.words = rules.words.with("past", now)
	rules.words = rules.words.with("past", now.Add(-1))
	rules.words = rules.words.with("present", now.Add(1))
	for userID, want := range map[int64]bool{1: false, 2: true, 3: true, 4: false} {
		if got := rules.Person(userID, now); got != want {
			t.Errorf("person %d is muted: %t, want %t", userID, got, want)
		}
	}
	for text, want := range map[string]bool{"past": false, "present": true, "future": false} {
		if got := rules.Text(now, text); got != want {
			t.Errorf("%q is muted: %t, want %t", text, got, want)
		}
	}
	var none *Rules
	if !none.Empty() || !(&Rules{}).Empty() || rules.Empty() || none.Person(1, now) || none.Text(now, "past") {
		t.Error("nil mutes something, or the rules nothing")
	}
}

// FuzzKey finds texts whose key is not its own key, or not in the text that it was made of.
func FuzzKey(f *testing.F) {
	for _, seed := range []string{"cat", "New York", "#日本", "İ", "ǰ", "ſs", "👨‍👩‍👧", "a\u0345b", "don’t", "3.14", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		key := Key(text)
		if key == "" {
			return
		}
		var rules Rules
		rules.words = rules.words.with(key, time.Time{})
		if !rules.Text(time.Now(), text) {
			t.Errorf("%q is not in itself: its key is %q", text, key)
		}
	})
}
