/* SPDX-License-Identifier: Apache-2.0 */
/* A Vulkan layer that traces the life of instances and devices and hands everything on; vulkan_layer.json lies beside it. The few
 * types are declared here, so that it builds where Vulkan is not installed. */
#define TRACE_THREADS
#include "trace.h"

typedef void* vulkan_handle_t; /* dispatchable: of an instance, a physical device, a device */
typedef void (*vulkan_function_t)(void);
typedef vulkan_function_t (*vulkan_lookup_t)(vulkan_handle_t handle, const char* name);
typedef int32_t (*create_instance_t)(const void* info, const void* allocation, vulkan_handle_t* out_instance);
typedef int32_t (*create_device_t)(vulkan_handle_t physical, const void* info, const void* allocation, vulkan_handle_t* out);
typedef void (*destroy_t)(vulkan_handle_t handle, const void* allocation);

/* What is next in the chain of layers. */
typedef struct link_t {
  struct link_t* next;
  vulkan_lookup_t instance_lookup;
  vulkan_lookup_t device_lookup; /* of a physical device in the chain of an instance */
} link_t;

/* The head of every create info and of what hangs on it; the loader's piece has `function` and `link`. */
typedef struct chained_t {
  int32_t type;
  struct chained_t* next;
  int32_t function;
  link_t* link;
} chained_t;

enum {
  VULKAN_OK = 0,
  VULKAN_FAILED = -3,
  LOADER_INSTANCE_INFO = 47,
  LOADER_DEVICE_INFO = 48,
  FUNCTION_IS_LINK = 0,
  LAYER_VERSION = 2,
};

typedef struct {
  int32_t type;
  void* next;
  uint32_t version;
  vulkan_lookup_t instance_lookup, device_lookup, physical_device_lookup;
} negotiation_t;

enum { MAX_OBJECTS = 64 };

/* The instances or devices alive, each with the lookup and the end behind this layer. The end is looked up while the object is
 * new: later the way to it may lead through other layers again. */
typedef struct {
  vulkan_handle_t handles[MAX_OBJECTS];
  vulkan_lookup_t lookups[MAX_OBJECTS];
  destroy_t ends[MAX_OBJECTS];
} objects_t;

static objects_t instances, devices;

static void note(const char* event) { trace_event("device", event); }

/* The slot of an object; that of NULL is a free one. MAX_OBJECTS when there is none. */
static size_t slot_of(const objects_t* objects, vulkan_handle_t handle) {
  size_t i = 0;
  while (i < MAX_OBJECTS && objects->handles[i] != handle) ++i;
  return i;
}

static void keep(objects_t* objects, vulkan_handle_t handle, vulkan_lookup_t lookup, const char* end) {
  size_t slot = slot_of(objects, NULL);
  if (slot == MAX_OBJECTS) return;
  objects->handles[slot] = handle;
  objects->lookups[slot] = lookup;
  objects->ends[slot] = (destroy_t)lookup(handle, end);
}

static vulkan_function_t behind(const objects_t* objects, vulkan_handle_t handle, const char* name) {
  size_t slot = handle ? slot_of(objects, handle) : MAX_OBJECTS;
  return slot < MAX_OBJECTS ? objects->lookups[slot](handle, name) : NULL;
}

/* Takes our link out of the chain, so that the next layer finds its own. */
static link_t* take_link(const void* info, int32_t type) {
  chained_t* piece = ((const chained_t*)info)->next;
  while (piece && (piece->type != type || piece->function != FUNCTION_IS_LINK)) piece = piece->next;
  if (!piece || !piece->link) return NULL;
  link_t* link = piece->link;
  piece->link = link->next;
  return link;
}

static int32_t create_instance(const void* info, const void* allocation, vulkan_handle_t* out_instance) {
  link_t* link = take_link(info, LOADER_INSTANCE_INFO);
  if (!link) return VULKAN_FAILED;
  create_instance_t create = (create_instance_t)link->instance_lookup(NULL, "vkCreateInstance");
  int32_t result = create ? create(info, allocation, out_instance) : VULKAN_FAILED;
  if (result != VULKAN_OK) return result;
  keep(&instances, *out_instance, link->instance_lookup, "vkDestroyInstance");
  note("create_instance");
  return result;
}

static int32_t create_device(vulkan_handle_t physical, const void* info, const void* allocation, vulkan_handle_t* out_device) {
  link_t* link = take_link(info, LOADER_DEVICE_INFO);
  if (!link) return VULKAN_FAILED;
  /* Any instance will do: the function finds its way by the physical device. */
  size_t slot = 0;
  while (slot < MAX_OBJECTS - 1 && !instances.handles[slot]) ++slot;
  create_device_t create = (create_device_t)link->instance_lookup(instances.handles[slot], "vkCreateDevice");
  int32_t result = create ? create(physical, info, allocation, out_device) : VULKAN_FAILED;
  if (result != VULKAN_OK) return result;
  keep(&devices, *out_device, link->device_lookup, "vkDestroyDevice");
  note("create_device");
  return result;
}

/* Destroys an object through what is behind this layer. */
static void destroy(objects_t* objects, vulkan_handle_t handle, const void* allocation, const char* event) {
  size_t slot = handle ? slot_of(objects, handle) : MAX_OBJECTS;
  if (slot == MAX_OBJECTS || !objects->ends[slot]) return;
  objects->ends[slot](handle, allocation);
  objects->handles[slot] = NULL;
  note(event);
}

static void destroy_instance(vulkan_handle_t instance, const void* allocation) {
  destroy(&instances, instance, allocation, "destroy_instance");
}

static void destroy_device(vulkan_handle_t device, const void* allocation) {
  destroy(&devices, device, allocation, "destroy_device");
}

static vulkan_function_t lookup_of_device(vulkan_handle_t device, const char* name);
static vulkan_function_t lookup_of_instance(vulkan_handle_t instance, const char* name);

static const struct {
  const char* name;
  vulkan_function_t function;
} own[] = {
    {"vkDestroyDevice", (vulkan_function_t)destroy_device},
    {"vkGetDeviceProcAddr", (vulkan_function_t)lookup_of_device},
    {"vkGetInstanceProcAddr", (vulkan_function_t)lookup_of_instance},
    {"vkCreateInstance", (vulkan_function_t)create_instance},
    {"vkDestroyInstance", (vulkan_function_t)destroy_instance},
    {"vkCreateDevice", (vulkan_function_t)create_device},
};
enum { OWN_OF_DEVICE = 2 }; /* so many of them belong to a device */

static vulkan_function_t find_own(const char* name, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    if (strcmp(own[i].name, name) == 0) return own[i].function;
  }
  return NULL;
}

static vulkan_function_t lookup_of_device(vulkan_handle_t device, const char* name) {
  vulkan_function_t ours = find_own(name, OWN_OF_DEVICE);
  return ours ? ours : behind(&devices, device, name);
}

static vulkan_function_t lookup_of_instance(vulkan_handle_t instance, const char* name) {
  vulkan_function_t ours = find_own(name, sizeof own / sizeof own[0]);
  return ours ? ours : behind(&instances, instance, name);
}

/* The one symbol that the loader looks for. */
VMRT_EXPORT int32_t vkNegotiateLoaderLayerInterfaceVersion(negotiation_t* negotiation);
int32_t vkNegotiateLoaderLayerInterfaceVersion(negotiation_t* negotiation) {
  if (negotiation->version > LAYER_VERSION) negotiation->version = LAYER_VERSION;
  negotiation->instance_lookup = lookup_of_instance;
  negotiation->device_lookup = lookup_of_device;
  negotiation->physical_device_lookup = NULL;
  note("negotiate");
  return VULKAN_OK;
}
