/* lobby-clinic: the clinic's server and its commands. See cli.c for what they are, api.md for what the server speaks.
 */
#include "cli.h"

int main(int argc, char **argv)
{
	return cli_main(argc, argv);
}
