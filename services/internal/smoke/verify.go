package smoke

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
)

// verify looks for every post.
func (l *load) verify(ctx context.Context) error {
	for _, author := range l.authors {
		// With retries, unlike the load's own calls: what is looked for may be cut off by what was done to the Pulse.
		there, err := count(l.reader.AllUserTimelinePosts(ctx, &timelinev1.GetUserTimelineRequest{UserId: author.id, PageSize: pageSize}))
		if err != nil {
			return err
		}
		lost, twice := l.compare(there, func(text string) bool { return strings.HasSuffix(text, author.handle) })
		l.report.Lost, l.report.Twice = append(l.report.Lost, lost...), append(l.report.Twice, twice...)
	}
	if len(l.report.Lost)+len(l.report.Twice) > 0 {
		return nil
	}
	if err := l.verifyHome(ctx); err != nil || len(l.report.Lost)+len(l.report.Twice) > 0 {
		return err
	}
	return l.verifyStream(ctx)
}

// verifyHome looks for every post in the home timeline of who follows everybody, where they come in a moment.
func (l *load) verifyHome(ctx context.Context) error {
	return l.verifySoon(ctx, func(ctx context.Context) (map[string][]int64, error) {
		return count(l.reader.AllHomeTimelinePosts(ctx, &timelinev1.GetHomeTimelineRequest{PageSize: pageSize}))
	})
}

// verifyStream looks for every post in what the stream of who follows everybody told.
func (l *load) verifyStream(ctx context.Context) error {
	return l.verifySoon(ctx, func(context.Context) (posts map[string][]int64, err error) {
		posts, _ = l.stream.told()
		return posts, nil
	})
}

// verifySoon looks for every post where it comes in a moment.
func (l *load) verifySoon(ctx context.Context, look func(context.Context) (map[string][]int64, error)) error {
	var lost, twice []string
	err := until(ctx, l.Within, func(ctx context.Context) (string, error) {
		there, err := look(ctx)
		if err != nil {
			return "", err
		}
		lost, twice = l.compare(there, func(string) bool { return true })
		if len(lost)+len(twice) > 0 {
			return "posts are missing", nil
		}
		return "", nil
	})
	l.report.Lost, l.report.Twice = lost, twice
	if len(lost)+len(twice) > 0 {
		return nil // The report says it better.
	}
	return err
}

// compare finds the posts that were acknowledged and are not there, and those that are there more than once.
func (l *load) compare(there map[string][]int64, of func(text string) bool) (lost, twice []string) {
	for _, text := range slices.Sorted(maps.Keys(l.acknowledged)) {
		if of(text) && !slices.Contains(there[text], l.acknowledged[text]) {
			lost = append(lost, fmt.Sprintf("%q (post %d)", text, l.acknowledged[text]))
		}
	}
	for _, text := range slices.Sorted(maps.Keys(there)) {
		if len(there[text]) > 1 {
			twice = append(twice, fmt.Sprintf("%q (posts %d)", text, there[text]))
		}
	}
	return lost, twice
}

// count answers the ids of posts by their texts.
func count(posts iter.Seq2[*postv1.Post, error]) (map[string][]int64, error) {
	there := map[string][]int64{}
	for post, err := range posts {
		if err != nil {
			return nil, err
		}
		there[post.GetText()] = append(there[post.GetText()], post.GetId())
	}
	return there, nil
}
