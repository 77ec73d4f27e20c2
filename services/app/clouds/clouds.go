// Package clouds registers the storages of clouds that PULSE_MEDIA_URL may name. The program imports it; packages that never
// leave the machine, such as most tests, do without, and are built and linked without the clouds' libraries.
package clouds

import (
	_ "gocloud.dev/blob/azureblob" // azblob://
	_ "gocloud.dev/blob/gcsblob"   // gs://
	_ "gocloud.dev/blob/s3blob"    // s3://
)
