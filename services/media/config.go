package media

import (
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Config says where pictures are kept, and bounds them.
type Config struct {
	// URL is where the files are.
	URL string `env:"PULSE_MEDIA_URL" doc:"storage of pictures: s3://bucket?region=..., gs://bucket, azblob://container, file:///folder, or mem:// for trials; empty: the folder media of PULSE_DATA_DIR"`
	// Presign has clients send files straight to the storage.
	Presign bool `env:"PULSE_MEDIA_PRESIGN" envDefault:"false" doc:"whether clients send files straight to the storage (s3, gs, azblob) instead of through the API"`
	// MaxBytes bounds a file.
	MaxBytes int64 `env:"PULSE_MEDIA_MAX_BYTES" envDefault:"20971520" doc:"largest file that is taken, in bytes"`
	// MaxPixels bounds a picture.
	MaxPixels int `env:"PULSE_MEDIA_MAX_PIXELS" envDefault:"25000000" doc:"most pixels of a picture, all frames of an animation together; each may take 24 bytes of memory while it is decoded"`
	// Quota bounds what the pictures of a person take.
	Quota int64 `env:"PULSE_MEDIA_QUOTA" envDefault:"1073741824" doc:"how much the pictures of one person may take, in bytes"`
	// AtOnce bounds how many pictures are made at once.
	AtOnce int `env:"PULSE_MEDIA_AT_ONCE" envDefault:"1" doc:"how many pictures a process decodes at once; others wait"`
	// MaxAge is how long caches may show what everybody may see.
	MaxAge time.Duration `env:"PULSE_MEDIA_MAX_AGE" envDefault:"0s" doc:"how long browsers and CDNs may show pictures that everybody sees without asking again; as long they may show what was deleted"`
	// CollectEvery is how often it is looked what nothing refers to.
	CollectEvery time.Duration `env:"PULSE_MEDIA_COLLECT_EVERY" envDefault:"1m" doc:"how often it is looked for pictures and files that nothing refers to"`
}

// InMemory tells whether the files are in the memory of the process that has them.
func (c Config) InMemory() bool { return strings.HasPrefix(c.URL, "mem:") }

// Bounds of the settings.
const (
	largestMaxBytes  = 100 << 20
	largestMaxPixels = 100_000_000
)

// Validate answers what is wrong with the settings.
func (c Config) Validate() error {
	u, err := url.Parse(c.URL)
	if err != nil {
		return fmt.Errorf("PULSE_MEDIA_URL=%q: write it like s3://bucket?region=eu-central-1 or file:///srv/media", c.URL)
	}
	switch u.Scheme {
	case "s3", "gs", "azblob":
	case "", "file", "mem":
		if u.Scheme == "" && c.URL != "" {
			return fmt.Errorf("PULSE_MEDIA_URL=%q: it begins with none of s3://, gs://, azblob://, file:// and mem://", c.URL)
		}
		if c.Presign {
			return fmt.Errorf("PULSE_MEDIA_PRESIGN=true needs a storage that clients can reach: set PULSE_MEDIA_URL to s3://, gs:// or azblob://")
		}
	default:
		return fmt.Errorf("PULSE_MEDIA_URL=%q: choose s3://, gs://, azblob://, file:// or mem://", c.URL)
	}
	switch {
	case c.MaxBytes < 1 || c.MaxBytes > largestMaxBytes:
		return fmt.Errorf("PULSE_MEDIA_MAX_BYTES=%d: set 1 to %d", c.MaxBytes, largestMaxBytes)
	case c.MaxPixels < 1 || c.MaxPixels > largestMaxPixels:
		return fmt.Errorf("PULSE_MEDIA_MAX_PIXELS=%d: set 1 to %d", c.MaxPixels, largestMaxPixels)
	case c.Quota < 0:
		return fmt.Errorf("PULSE_MEDIA_QUOTA=%d: set 0 or more", c.Quota)
	case c.AtOnce < 1:
		return fmt.Errorf("PULSE_MEDIA_AT_ONCE=%d: set 1 or more", c.AtOnce)
	case c.MaxAge < 0:
		return fmt.Errorf("PULSE_MEDIA_MAX_AGE=%s: set 0s or more", c.MaxAge)
	case c.CollectEvery <= 0:
		return fmt.Errorf("PULSE_MEDIA_COLLECT_EVERY=%s: set more than 0s", c.CollectEvery)
	}
	return nil
}
