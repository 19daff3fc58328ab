cpid: serving anybody on this machine, in clear text
