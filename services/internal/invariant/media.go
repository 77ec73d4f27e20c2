package invariant

import (
	"context"
	"fmt"
	"time"

	"github.com/pulse-social/pulse/ent"
	entmedia "github.com/pulse-social/pulse/ent/media"
	"github.com/pulse-social/pulse/services/internal/attachment"
)

// strayFor is how long a file may be there without a picture before it counts as forgotten: the collector takes its time.
const strayFor = 24 * time.Hour

// mediaAtOnce bounds how many pictures are read at once.
const mediaAtOnce = 1000

// media checks I9: every picture has its files and every file its picture, what is attached is there, and what people are told to
// use is what their pictures take. Where the storage is not known, the files are left out.
func (c Checker) media(ctx context.Context, r *Result) error {
	files, err := c.mediaFiles(ctx)
	if err != nil {
		return err
	}
	for after := int64(0); ; {
		rows, err := c.DB.Media.Query().Where(entmedia.IDGT(after)).Order(entmedia.ByID()).Limit(mediaAtOnce).All(ctx)
		if err != nil {
			return err
		}
		for _, row := range rows {
			r.Checked++
			after = row.ID
			if files != nil {
				files.account(r, row)
			}
		}
		if len(rows) < mediaAtOnce {
			break
		}
	}
	files.rest(r, time.Now())
	err = c.each(ctx, func(row []int64) { r.broken("post or draft %d has picture %d, which is not there", row[0], row[1]) }, 2,
		`SELECT a.post_id, a.media_id FROM post_media a LEFT JOIN media m ON m.id = a.media_id WHERE m.id IS NULL`)
	if err != nil {
		return err
	}
	err = c.each(ctx, func(row []int64) { r.broken("message %d has picture %d, which is not there", row[0], row[1]) }, 2,
		`SELECT a.message_id, a.media_id FROM message_media a LEFT JOIN media m ON m.id = a.media_id WHERE m.id IS NULL`)
	if err != nil {
		return err
	}
	return c.each(ctx, func(row []int64) { r.broken("person %d is told to use %d bytes, and uses %d", row[0], row[1], row[2]) }, 3,
		`SELECT * FROM (
			SELECT o.id, COALESCE((SELECT u.bytes FROM media_usages u WHERE u.id = o.id), 0) AS told,
				COALESCE((SELECT CAST(SUM(m.size_bytes) AS bigint) FROM media m WHERE m.owner_id = o.id AND m.state <> $1), 0) AS used
			FROM (SELECT id FROM media_usages UNION SELECT owner_id FROM media) o
		) AS sums WHERE told <> used`, attachment.Going)
}

// storedFiles are when the files of pictures were written, by picture and key.
type storedFiles map[int64]map[string]time.Time

// mediaFiles lists the files; nil when it is not known where they are.
func (c Checker) mediaFiles(ctx context.Context) (storedFiles, error) {
	if c.Files == nil {
		return nil, nil
	}
	files := storedFiles{}
	err := c.Files(ctx, func(mediaID int64, key string, written time.Time) {
		if files[mediaID] == nil {
			files[mediaID] = map[string]time.Time{}
		}
		files[mediaID][key] = written
	})
	if err != nil {
		return nil, fmt.Errorf("list the files of pictures: %w", err)
	}
	return files, nil
}

// account notes what a picture lacks, and crosses off what it has.
func (f storedFiles) account(r *Result, row *ent.Media) {
	if row.State == attachment.Ready {
		for _, v := range row.Variants {
			if key := attachment.Key(row.ID, v.Size); f[row.ID][key].IsZero() {
				r.broken("picture %d of %d has lost the file %s", row.ID, row.OwnerID, key)
			}
		}
	}
	delete(f, row.ID)
}

// rest notes the files that belong to no picture.
func (f storedFiles) rest(r *Result, now time.Time) {
	for mediaID, keys := range f {
		for key, written := range keys {
			if now.Sub(written) > strayFor {
				r.broken("the file %s belongs to picture %d, which is not there", key, mediaID)
			}
		}
	}
}
