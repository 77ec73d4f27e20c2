package media

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	_ "gocloud.dev/blob/memblob" // mem://
	"gocloud.dev/gcerrors"

	"github.com/pulse-social/pulse/services/internal/attachment"
	"github.com/pulse-social/pulse/services/internal/cause"
	"github.com/pulse-social/pulse/services/internal/id"

	mediav1 "github.com/pulse-social/pulse/gen/pulse/media/v1"
)

// Files are the files of pictures, wherever they are kept. Keys are Pulse's own: nothing of them comes from a caller but ids that
// have a row.
type Files struct {
	bucket *blob.Bucket
	// azure tells that uploads straight to the storage need a header of Azure's.
	azure  bool
	errors storageErrors
}

// Open opens the storage, or says what is wrong with it.
func Open(ctx context.Context, c Config, dataDir string) (*Files, error) {
	address := cmp.Or(c.URL, "file://"+filepath.Join(dataDir, "media"))
	scheme, folder, _ := strings.Cut(address, "://")
	var bucket *blob.Bucket
	var err error
	if scheme == fileblob.Scheme { // A path is taken as it is written, whatever an address would make of it.
		bucket, err = fileblob.OpenBucket(folder, &fileblob.Options{
			CreateDir: true, DirFileMode: 0o700, NoTempDir: true, Metadata: fileblob.MetadataDontWrite,
		})
	} else {
		bucket, err = blob.OpenBucket(ctx, address)
	}
	if err != nil {
		return nil, fmt.Errorf("PULSE_MEDIA_URL=%s: the storage of pictures cannot be opened (%w): set one that is there and may be written", address, cause.Of(err))
	}
	return &Files{bucket: bucket, azure: scheme == "azblob", errors: newStorageErrors(ctx)}, nil
}

// Close lets the storage go.
func (f *Files) Close() error { return f.bucket.Close() }

// Folders of the keys.
const (
	uploadFolder = "uploads/"
	mediaFolder  = "media/"
)

func uploadKey(mediaID int64) string { return uploadFolder + id.String(mediaID) }

func variantKey(mediaID int64, size mediav1.MediaSize) string {
	return attachment.Key(mediaID, int32(size))
}

// mediaOf answers the id of the picture that a key belongs to.
func mediaOf(key string) (int64, bool) {
	rest, ok := strings.CutPrefix(key, uploadFolder)
	if !ok {
		if rest, ok = strings.CutPrefix(key, mediaFolder); !ok {
			return 0, false
		}
		rest, _, _ = strings.Cut(rest, "/")
	}
	mediaID, err := strconv.ParseInt(rest, 10, 64)
	return mediaID, err == nil
}

// write writes a file whole, or not at all.
func (f *Files) write(ctx context.Context, key, contentType string, from io.Reader) error {
	source := &source{Reader: from}
	err := f.copy(ctx, key, contentType, source)
	if source.failed {
		return err
	}
	return f.errors.note(ctx, toWrite, err)
}

func (f *Files) copy(ctx context.Context, key, contentType string, from io.Reader) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w, err := f.bucket.NewWriter(ctx, key, &blob.WriterOptions{ContentType: contentType})
	if err != nil {
		return err
	}
	if _, err := io.Copy(w, from); err != nil {
		cancel() // So that what has come so far is not kept.
		return errors.Join(err, ignoreCancelled(w.Close()))
	}
	return w.Close()
}

func ignoreCancelled(err error) error {
	if errors.Is(err, context.Canceled) || gcerrors.Code(err) == gcerrors.Canceled {
		return nil
	}
	return err
}

// read reads a file of at most limit bytes; missing is true when there is none.
func (f *Files) read(ctx context.Context, key string, limit int64) (content []byte, missing bool, err error) {
	r, err := f.bucket.NewReader(ctx, key, nil)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil, true, nil
	}
	if err == nil {
		content, err = io.ReadAll(io.LimitReader(r, limit+1))
		err = errors.Join(err, r.Close())
	}
	return content, false, f.errors.note(ctx, toRead, err)
}

// open opens a file for reading in any order; it answers nil when there is none.
func (f *Files) open(ctx context.Context, key string) (*blob.Reader, error) {
	r, err := f.bucket.NewReader(ctx, key, nil)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil, nil //nolint:nilnil // None is an answer.
	}
	return r, f.errors.note(ctx, toRead, err)
}

// remove deletes a file, if it is there.
func (f *Files) remove(ctx context.Context, key string) error {
	if err := f.bucket.Delete(ctx, key); gcerrors.Code(err) != gcerrors.NotFound {
		return f.errors.note(ctx, toDelete, err)
	}
	return nil
}

// removeAll deletes all files of a picture.
func (f *Files) removeAll(ctx context.Context, mediaID int64) error {
	errs := []error{f.remove(ctx, uploadKey(mediaID))}
	for size := range mediav1.MediaSize_name {
		if size != 0 {
			errs = append(errs, f.remove(ctx, variantKey(mediaID, mediav1.MediaSize(size))))
		}
	}
	return errors.Join(errs...)
}

// presigned answers an address of the storage's own to upload to, and the headers to send with the file.
func (f *Files) presigned(ctx context.Context, mediaID int64, contentType string, life time.Duration) (string, map[string]string, error) {
	// What the file is said to be is not signed: S3's library cannot, and it is found out later whatever is said.
	address, err := f.bucket.SignedURL(ctx, uploadKey(mediaID), &blob.SignedURLOptions{Method: http.MethodPut, Expiry: life})
	headers := map[string]string{"Content-Type": contentType}
	if f.azure {
		headers["X-Ms-Blob-Type"] = "BlockBlob"
	}
	return address, headers, f.errors.note(ctx, toSign, err)
}

// page lists some of the files after those before it; none are left when next is nil.
func (f *Files) page(ctx context.Context, from []byte, size int) (files []*blob.ListObject, next []byte, err error) {
	if from == nil {
		from = blob.FirstPageToken
	}
	files, next, err = f.bucket.ListPage(ctx, from, size, nil)
	return files, next, f.errors.note(ctx, toList, err)
}

// Each calls visit for every file, with the id of the picture that it belongs to and when it was written.
func (f *Files) Each(ctx context.Context, visit func(mediaID int64, key string, written time.Time)) error {
	for from := blob.FirstPageToken; from != nil; {
		files, next, err := f.page(ctx, from, listAtOnce)
		if err != nil {
			return fmt.Errorf("list the files of pictures: %w", err)
		}
		for _, file := range files {
			if mediaID, ok := mediaOf(file.Key); ok {
				visit(mediaID, file.Key, file.ModTime)
			}
		}
		from = next
		if len(next) == 0 {
			return nil
		}
	}
	return nil
}
