/* people COUNT: an invented clinic's day as NDJSON on standard output, for `lobby-clinic import`. */
#include "bench.h"
#include "load.h"

int main(int argc, char **argv)
{
	load_people_write(stdout, (uint32_t)bench_number(bench_arg(argc, argv, 1, "COUNT")));
	return fflush(stdout) == 0 ? 0 : 1;
}
