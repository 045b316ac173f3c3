# YAML as a tree with places, over libyaml.
noinst_LIBRARIES += plugins/lib/libyamltree.a
plugins_lib_libyamltree_a_SOURCES = \
	plugins/lib/block.h \
	plugins/lib/yaml/look.c \
	plugins/lib/yaml/yaml.c plugins/lib/yaml/yaml.h
plugins_lib_libyamltree_a_CPPFLAGS = $(AGENT_CPP_FLAGS)
plugins_lib_libyamltree_a_CFLAGS = $(AGENT_C_FLAGS) $(YAML_CFLAGS)
