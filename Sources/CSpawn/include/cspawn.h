#pragma once
int csp_placeholder(void);
