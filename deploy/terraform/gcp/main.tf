resource "google_compute_network" "pulse" {
  name                    = var.name
  project                 = var.project
  auto_create_subnetworks = false
}

resource "google_compute_subnetwork" "nodes" {
  name          = var.name
  project       = var.project
  region        = var.region
  network       = google_compute_network.pulse.id
  ip_cidr_range = "10.80.0.0/20"

  secondary_ip_range {
    range_name    = "pods"
    ip_cidr_range = "10.84.0.0/14"
  }

  secondary_ip_range {
    range_name    = "services"
    ip_cidr_range = "10.88.0.0/20"
  }
}

# The cluster ---------------------------------------------------------------------------------------------------------

resource "google_container_cluster" "pulse" {
  name                     = var.name
  project                  = var.project
  location                 = var.region
  network                  = google_compute_network.pulse.id
  subnetwork               = google_compute_subnetwork.nodes.id
  datapath_provider        = "ADVANCED_DATAPATH"
  remove_default_node_pool = true
  initial_node_count       = 1

  ip_allocation_policy {
    cluster_secondary_range_name  = "pods"
    services_secondary_range_name = "services"
  }

  release_channel {
    channel = "REGULAR"
  }

  gateway_api_config {
    channel = "CHANNEL_STANDARD"
  }

  workload_identity_config {
    workload_pool = "${var.project}.svc.id.goog"
  }
}

resource "google_service_account" "nodes" {
  account_id = "${var.name}-nodes"
  project    = var.project
}

resource "google_project_iam_member" "nodes" {
  project = var.project
  role    = "roles/container.defaultNodeServiceAccount"
  member  = google_service_account.nodes.member
}

resource "google_container_node_pool" "pulse" {
  name     = var.name
  project  = var.project
  location = var.region
  cluster  = google_container_cluster.pulse.name

  autoscaling {
    total_min_node_count = var.node_count.min
    total_max_node_count = var.node_count.max
  }

  node_config {
    machine_type    = var.node_type
    service_account = google_service_account.nodes.email
    oauth_scopes    = ["https://www.googleapis.com/auth/cloud-platform"]

    workload_metadata_config {
      mode = "GKE_METADATA"
    }
  }
}

# The backends, on addresses that only the network reaches ---------------------------------------------------------------

resource "google_compute_global_address" "backends" {
  name          = "${var.name}-backends"
  project       = var.project
  purpose       = "VPC_PEERING"
  address_type  = "INTERNAL"
  prefix_length = 20
  network       = google_compute_network.pulse.id
}

resource "google_service_networking_connection" "backends" {
  network                 = google_compute_network.pulse.id
  service                 = "servicenetworking.googleapis.com"
  reserved_peering_ranges = [google_compute_global_address.backends.name]
}

# Pulse refuses a database that may lose what it has acknowledged: fsync, full_page_writes and synchronous_commit are on
# unless a flag turns them off, and none does.
resource "google_sql_database_instance" "pulse" {
  name                = var.name
  project             = var.project
  region              = var.region
  database_version    = "POSTGRES_16"
  deletion_protection = true

  settings {
    tier              = var.postgres_type
    edition           = "ENTERPRISE"
    availability_type = "REGIONAL"
    disk_type         = "PD_SSD"
    disk_size         = var.postgres_storage_gib
    disk_autoresize   = true

    backup_configuration {
      enabled                        = true
      point_in_time_recovery_enabled = true
    }

    ip_configuration {
      ipv4_enabled    = false
      private_network = google_compute_network.pulse.id
      ssl_mode        = "ENCRYPTED_ONLY"
    }
  }

  depends_on = [google_service_networking_connection.backends]
}

resource "google_sql_database" "pulse" {
  name     = "pulse"
  project  = var.project
  instance = google_sql_database_instance.pulse.name
}

resource "random_password" "postgres" {
  length  = 32
  special = false
}

resource "google_sql_user" "pulse" {
  name     = "pulse"
  project  = var.project
  instance = google_sql_database_instance.pulse.name
  password = random_password.postgres.result
}

# Redis is a cache to Pulse: its data may be lost, and it is not backed up.
resource "google_redis_instance" "pulse" {
  name                    = var.name
  project                 = var.project
  region                  = var.region
  tier                    = "STANDARD_HA"
  memory_size_gb          = var.redis_gib
  redis_version           = "REDIS_7_2"
  authorized_network      = google_compute_network.pulse.id
  connect_mode            = "PRIVATE_SERVICE_ACCESS"
  auth_enabled            = true
  transit_encryption_mode = "SERVER_AUTHENTICATION"

  depends_on = [google_service_networking_connection.backends]
}

# Objects -------------------------------------------------------------------------------------------------------------

resource "google_storage_bucket" "pulse" {
  name                        = "${var.project}-${var.name}"
  project                     = var.project
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  versioning {
    enabled = true
  }

  # What people delete can be brought back for two weeks, and is gone then.
  lifecycle_rule {
    action {
      type = "Delete"
    }

    condition {
      days_since_noncurrent_time = 14
    }
  }
}

# The pods of media alone may use the bucket, by Workload Identity Federation ---------------------------------------------

data "google_project" "pulse" {
  project_id = var.project
}

locals {
  media_url = "gs://${google_storage_bucket.pulse.name}"
  # Pods of the namespace, up to the name of their ServiceAccount.
  pods = "principal://iam.googleapis.com/projects/${data.google_project.pulse.number}/locations/global/workloadIdentityPools/${var.project}.svc.id.goog/subject/ns/${var.namespace}/sa"
}

resource "google_storage_bucket_iam_member" "media" {
  for_each = toset(var.media_accounts)
  bucket   = google_storage_bucket.pulse.name
  role     = "roles/storage.objectUser"
  member   = "${local.pods}/${each.key}"

  # The pool of identities comes with the cluster.
  depends_on = [google_container_cluster.pulse]
}
