package identity

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/pulse-social/pulse/ent/account"
	"github.com/pulse-social/pulse/ent/formerhandle"
	"github.com/pulse-social/pulse/services/internal/store"
)

const (
	// maxHandle and minHandle bound a handle, as the schema does that of Register.
	maxHandle = 30
	minHandle = 2
	// handlesTried is how many handles are looked for at once.
	handlesTried = 20
)

// freeHandle answers a handle that nobody has, as close as may be to what the person is called at their provider.
func freeHandle(ctx context.Context, tx *store.Tx, who claims) (string, error) {
	base := handleFrom(who.name)
	if len(base) < minHandle {
		local, _, _ := strings.Cut(who.email, "@")
		base = handleFrom(local)
	}
	if len(base) < minHandle {
		base = "user"
	}
	candidates := []string{base}
	for n := 2; n < handlesTried; n++ {
		candidates = append(candidates, numbered(base, n))
	}
	for range handlesTried / 2 {
		candidates = append(candidates, numbered(base, 1000+rand.IntN(9_999_000))) //nolint:gosec // A handle is no secret.
	}
	keys := make([]string, len(candidates))
	for i, candidate := range candidates {
		keys[i] = strings.ToLower(candidate)
	}
	taken, err := tx.Account.Query().Where(account.HandleKeyIn(keys...)).Select(account.FieldHandleKey).Strings(ctx)
	if err != nil {
		return "", fmt.Errorf("look for a free handle: %w", err)
	}
	used := map[string]bool{}
	for _, key := range taken {
		used[key] = true
	}
	reserved, err := tx.FormerHandle.Query().Where(formerhandle.HandleKeyIn(keys...)).Select(formerhandle.FieldHandleKey).Strings(ctx)
	if err != nil {
		return "", fmt.Errorf("look for a free handle: %w", err)
	}
	for _, key := range reserved {
		used[key] = true
	}
	for i, candidate := range candidates {
		if !used[keys[i]] {
			return candidate, nil
		}
	}
	return "", store.ErrRaceLost // Other random ones, then.
}

// numbered puts a number behind a handle, which gives way to it.
func numbered(base string, n int) string {
	suffix := fmt.Sprint(n)
	return base[:min(len(base), maxHandle-len(suffix))] + suffix
}

// handleFrom keeps of a name what may stand in a handle.
func handleFrom(name string) string {
	kept := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_':
			return r
		case r == '-', r == '.', r == ' ':
			return '_'
		default:
			return -1
		}
	}, name)
	kept = strings.Trim(kept, "_")
	return kept[:min(len(kept), maxHandle)]
}
