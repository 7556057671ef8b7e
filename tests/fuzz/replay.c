/* Replays a corpus through a fuzz target without libFuzzer: what `make test` does under ASan and UBSan. Takes files and
 * folders; prints how many inputs it fed. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int replayed;

static void replay_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	long size;
	uint8_t *data;

	if (file == NULL)
		return;
	fseek(file, 0, SEEK_END);
	size = ftell(file);
	rewind(file);
	data = malloc((size_t)size + 1);
	if (data != NULL && fread(data, 1, (size_t)size, file) == (size_t)size) {
		LLVMFuzzerTestOneInput(data, (size_t)size);
		replayed++;
	}
	free(data);
	fclose(file);
}

static void replay(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	char inner[4096];

	if (folder == NULL) {
		replay_file(path);
		return;
	}
	while ((entry = readdir(folder)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(inner, sizeof(inner), "%s/%s", path, entry->d_name);
		replay_file(inner);
	}
	closedir(folder);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	printf("%d inputs replayed\n", replayed);
	return replayed == 0;
}
