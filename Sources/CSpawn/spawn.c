#include "cspawn.h"
int csp_placeholder(void){return 0;}
