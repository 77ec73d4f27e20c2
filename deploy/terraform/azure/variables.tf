variable "name" {
  type        = string
  description = "Name of everything that is made; lower case letters and digits, as it becomes part of host names."
  default     = "pulse"
}

variable "location" {
  type        = string
  description = "The region, such as westeurope."
}

variable "kubernetes_version" {
  type        = string
  description = "Minor version of Kubernetes."
  default     = "1.33"
}

variable "node_type" {
  type        = string
  description = "Machine of the cluster's nodes."
  default     = "Standard_D2s_v5"
}

variable "node_count" {
  type        = object({ min = number, max = number })
  description = "How many nodes there are."
  default     = { min = 3, max = 6 }
}

variable "postgres_type" {
  type        = string
  description = "Machine of the database."
  default     = "GP_Standard_D2s_v3"
}

variable "postgres_storage_gib" {
  type        = number
  description = "Room in the database: 32, 64, 128, 256, and on in powers of two."
  default     = 128
}

variable "redis_capacity" {
  type        = number
  description = "Size of the cache in the family C: 1 is a GiB, 2 is 2.5 GiB."
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
