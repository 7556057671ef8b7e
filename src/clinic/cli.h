/* The commands of lobby-clinic. Each returns the process's exit status: 0 done, 1 refused or failed (said on standard
 * error), 2 not understood. */
#ifndef LOBBY_CLINIC_CLI_H
#define LOBBY_CLINIC_CLI_H

int cli_main(int argc, char **argv);

#endif
