#ifndef TRUSTLOG_CYAML_SHIM_H
#define TRUSTLOG_CYAML_SHIM_H
#include <yaml.h>
#endif
