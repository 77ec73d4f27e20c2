variable "name" {
  type        = string
  description = "Name of everything that is made; lower case, as it becomes part of host names."
  default     = "pulse"
}

variable "region" {
  type        = string
  description = "The region, such as fra1; one that has Spaces."
}

variable "kubernetes_version" {
  type        = string
  description = "Start of the version of Kubernetes; the newest release of it is taken."
  default     = "1.33."
}

variable "node_type" {
  type        = string
  description = "Machine of the cluster's nodes."
  default     = "g-2vcpu-8gb"
}

variable "node_count" {
  type        = object({ min = number, max = number })
  description = "How many nodes there are."
  default     = { min = 3, max = 6 }
}

variable "postgres_type" {
  type        = string
  description = "Machine of the database."
  default     = "db-s-2vcpu-4gb"
}

variable "postgres_storage_gib" {
  type        = number
  description = "Room in the database."
  default     = 100
}

variable "redis_type" {
  type        = string
  description = "Machine of the cache."
  default     = "db-s-1vcpu-2gb"
}
