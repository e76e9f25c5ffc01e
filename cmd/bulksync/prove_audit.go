package main

import "context"

func (v *verifier) proveAudit(ctx context.Context, p *proof) {}
func (v *verifier) proveStore(ctx context.Context, p *proof) {}
