variable "name" {
  type        = string
  description = "Name of everything that is made; lower case, as it becomes part of host names."
  default     = "pulse"
}

variable "project" {
  type        = string
  description = "Id of the project, whose APIs for GKE, Cloud SQL, Memorystore and Service Networking are on."
}

variable "region" {
  type        = string
  description = "The region, such as europe-west1."
}

variable "node_type" {
  type        = string
  description = "Machine of the cluster's nodes."
  default     = "n2-standard-2"
}

variable "node_count" {
  type        = object({ min = number, max = number })
  description = "How many nodes there are in all zones together."
  default     = { min = 3, max = 6 }
}

variable "postgres_type" {
  type        = string
  description = "Machine of the database."
  default     = "db-custom-2-8192"
}

variable "postgres_storage_gib" {
  type        = number
  description = "Room in the database at its start; it grows by itself."
  default     = 100
}

variable "redis_gib" {
  type        = number
  description = "Memory of the cache."
  default     = 2
}

variable "namespace" {
  type        = string
  description = "Namespace that the chart is installed in."
  default     = "pulse"
}

variable "media_accounts" {
  type        = list(string)
  description = "ServiceAccounts whose pods may use the bucket: those of the chart's Deployments that run the service media."
  default     = ["pulse-media", "pulse-media-worker"]
}
